import { showsWhy } from '../extension.ts';

describe('in a window without a folder', () => {
  it('the view says what to open, and nothing is thrown', () => showsWhy('no-folder'));
});
