import { showsWhy } from '../extension.ts';

describe('in a repository without a commit', () => {
  it('the view says so, and nothing is thrown', () => showsWhy('no-commits'));
});
