import { strict as assert } from 'node:assert';
import type { Page } from 'playwright-core';
import { doubtedBoard } from '../../support/doubted-board.ts';
import { exampleBoard, exampleCurves, LOG_LINES, NOW } from '../../support/leaderboard-fixtures.ts';
import { missingPart, picture, type Scene, Stage, seriousFindings } from './harness.ts';
import { THEMES, type ThemeName } from './themes.ts';

const board = exampleBoard();
const scene: Scene = {
  board,
  at: NOW,
  curves: exampleCurves(board),
  logs: { 'r-13-1-1': LOG_LINES, 'r-13-1-2': LOG_LINES.slice(0, 300), 'r-5-1-1': LOG_LINES },
  liveLogs: ['r-13-1-1', 'r-13-1-2'],
};
const SIZES = { wide: { width: 1400, height: 820 }, narrow: { width: 400, height: 820 } } as const;

const full = process.env.FULL === '1';
/** What runs by default: each theme and each width, not every pair. FULL=1 runs all. */
const SAMPLE: Readonly<Record<ThemeName, keyof typeof SIZES>> = { dark: 'narrow', light: 'wide', contrast: 'wide' };

const VIEWS: Readonly<Record<string, (page: Page) => Promise<unknown>>> = {
  table: async (page) => page.waitForSelector('.grid-body .row'),
  curve: async (page) => {
    await select(page, '8.1');
    await page.waitForSelector('.plot canvas');
  },
  log: async (page) => {
    await select(page, '13.1');
    await page.getByRole('tab', { name: 'Log' }).click();
    await page.getByText('Tried to allocate').waitFor();
  },
  runs: async (page) => {
    await select(page, '13.1');
    await page.getByRole('tab', { name: 'Runs' }).click();
    await page.waitForSelector('.runs table');
  },
  lineage: async (page) => {
    await page.getByRole('button', { name: 'Lineage (L)' }).click();
    await page.waitForSelector('.node');
  },
};

async function select(page: Page, key: string): Promise<void> {
  await page.locator(`.row[data-key="${key}"] [data-column="idea"]`).click();
}

/** Elements of ours whose words are wider than their box although nothing says that they may be cut. */
async function cutOff(page: Page): Promise<readonly string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>('.app *')]
      .filter((element) => {
        const style = getComputedStyle(element);
        const hides = style.overflowX === 'hidden' || style.overflowX === 'clip';
        return hides && style.textOverflow !== 'ellipsis' && element.scrollWidth > element.clientWidth + 1;
      })
      .filter((element) => !element.matches('.unseen, .plot, .uplot *, .seeds-bar'))
      .map((element) => `${element.className}: ${element.textContent?.slice(0, 60)}`),
  );
}

describe('the looks of the leaderboard', () => {
  let stage: Stage;
  before(async function () {
    const missing = missingPart();
    if (missing !== undefined) {
      console.log(`      skipped: ${missing}`);
      this.skip();
    }
    if (!full) console.log('      each theme at one width; FULL=1 looks at every pair.');
    stage = await Stage.open();
  });
  after(async () => {
    await stage?.close();
  });

  for (const theme of Object.keys(THEMES) as ThemeName[]) {
    for (const [size, viewport] of Object.entries(SIZES)) {
      if (!full && SAMPLE[theme] !== size) continue;
      for (const [view, go] of Object.entries(VIEWS)) {
        it(`${view}, ${theme}, ${size}: readable, nothing cut off, no page wider than its window`, async () => {
          const page = await stage.show({ ...scene, theme, ...viewport });
          await go(page);
          await picture(page, `${view}-${theme}-${size}`);
          assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), viewport.width);
          assert.deepEqual(await cutOff(page), []);
          assert.deepEqual(await seriousFindings(page), []);
          assert.deepEqual(await page.evaluate(() => window.fake.violations), []);
        });
      }
    }
  }

  for (const theme of Object.keys(THEMES) as ThemeName[]) {
    it(`numbers that are not believed, ${theme}: readable beside those that are, also where there is little room`, async () => {
      const page = await stage.show({ ...scene, board: doubtedBoard(), theme, width: 1280, height: 720 });
      await select(page, '19.1');
      await page.getByRole('tab', { name: 'Runs' }).click();
      for (const [size, width] of [
        ['wide', 1280],
        ['narrow', 360],
      ] as const) {
        await page.setViewportSize({ width, height: 720 });
        await page.waitForFunction((wanted) => document.documentElement.scrollWidth === wanted, width);
        await picture(page, `doubted-${theme}-${size}`);
        assert.deepEqual(await cutOff(page), []);
        assert.deepEqual(await seriousFindings(page), []);
      }
    });
  }

  it('draws the empty, late and stale states', async () => {
    const empty = {
      kind: 'no-environment',
      message: 'There is no research.yaml in this repository.',
      action: 'setUp',
    } as const;
    await picture(await stage.show({ board: null, at: NOW, notice: empty }), 'empty-dark-wide');
    await picture(await stage.show({ at: NOW, ...SIZES.narrow }), 'loading-dark-narrow');
    const stale = { kind: 'stale', message: 'lambda-1 has not answered since 11:48.' } as const;
    const behind = { ...board, behind: true };
    await picture(await stage.show({ ...scene, board: behind, notice: stale, theme: 'light' }), 'stale-light-wide');
    const sheet = await stage.show(scene);
    await sheet.keyboard.press('?');
    await picture(sheet, 'keys-dark-wide');
    const menu = await stage.show(scene);
    await menu.getByRole('button', { name: 'Columns' }).click();
    await picture(menu, 'columns-dark-wide');
  });
});
