/** What *Check Boxes* reads and says: a bundle of its own, loaded at the first look at a box. */
export { parseClock, parseGlance, parseProbe } from './box/probe-answer.ts';
export { probe as probeThisMachine } from './local/probe.ts';
