import { showsWhy } from '../extension.ts';

describe('in a folder that is in no git repository', () => {
  it('the view says so, and nothing is thrown', () => showsWhy('no-repository'));
});
