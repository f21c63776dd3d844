import { showsWhy } from '../extension.ts';

describe('in a folder that is not trusted', () => {
  it('the view says why it waits, and nothing is thrown', () => showsWhy('untrusted'));
});
