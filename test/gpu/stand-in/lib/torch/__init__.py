"""Found by whoever asks which packages there are; holds nothing."""
