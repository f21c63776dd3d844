import { showsWhy } from '../extension.ts';

describe('on a machine without git', () => {
  it('the view says what to install, and nothing is thrown', () => showsWhy('no-git'));
});
