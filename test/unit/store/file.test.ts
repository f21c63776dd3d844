import { strict as assert } from 'node:assert';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type OpenedDatabase, openDatabase } from '../../../src/core/store/open-database.ts';
import { MIGRATIONS, SCHEMA_VERSION } from '../../../src/core/store/schema.ts';
import { realSystem } from '../../../src/core/system/index.ts';
import { addBase, addIdea, openTestStore, temporaryFolder } from '../../support/store.ts';

/** The shape of a database as SQLite tells it. */
function shape(file: string): unknown {
  const database = new DatabaseSync(file, { readOnly: true });
  const rows = database.prepare('SELECT type, name, sql FROM sqlite_schema ORDER BY type, name').all();
  database.close();
  return rows;
}

describe('store: the file', () => {
  let folder: string;
  let file: string;

  beforeEach(async () => {
    folder = await temporaryFolder();
    file = path.join(folder, 'deep', 'research.db');
    await fs.mkdir(path.dirname(file));
  });
  afterEach(() => fs.rm(folder, { recursive: true }));

  for (let version = 0; version <= SCHEMA_VERSION; version += 1) {
    it(`of version ${version} is brought to version ${SCHEMA_VERSION} and works`, async () => {
      const fresh = path.join(folder, 'fresh.db');
      await (await openTestStore(fresh)).close();
      const old = new DatabaseSync(file);
      for (const step of MIGRATIONS.slice(0, version)) old.exec(step);
      old.exec(`PRAGMA user_version = ${version}`);
      old.close();

      const store = await openTestStore(file);
      assert.equal((await addIdea(store, (await addBase(store)).id)).id, 1);
      await store.close();
      assert.deepEqual(shape(file), shape(fresh));
    });
  }

  it('is made with its folder, and keeps everything over a close', async () => {
    const deep = path.join(folder, 'a', 'b', 'research.db');
    const store = await openTestStore(deep);
    await addIdea(store, (await addBase(store)).id, 'kept');
    await store.close();
    await assert.rejects(store.ideas(), /closed/);
    const again = await openTestStore(deep);
    assert.equal((await again.idea(1))?.title, 'kept');
    assert.equal(again.setAside, undefined);
    await again.close();
  });

  it('of a newer version is refused, naming both versions and the file, and is left as it was', async () => {
    const newer = new DatabaseSync(file);
    newer.exec(`CREATE TABLE future (x); PRAGMA user_version = ${SCHEMA_VERSION + 7}`);
    newer.close();
    const before = await fs.readFile(file);
    await assert.rejects(openTestStore(file), (error: Error & { code: string }) => {
      assert.equal(error.code, 'database-newer');
      assert.ok(error.message.includes(file));
      assert.match(error.message, new RegExp(`version ${SCHEMA_VERSION + 7}.*up to ${SCHEMA_VERSION}`));
      return true;
    });
    assert.deepEqual(await fs.readFile(file), before);
    assert.deepEqual(await fs.readdir(path.dirname(file)), ['research.db']);
  });

  it('that is no database is set aside, never overwritten, and a fresh one is opened', async () => {
    const bytes = Buffer.from('this is not a database at all, but somebody may want it back\n'.repeat(100));
    await fs.writeFile(file, bytes);
    const store = await openTestStore(file);
    assert.match(store.setAside ?? '', /research\.db\.damaged-/);
    assert.deepEqual(await fs.readFile(store.setAside ?? ''), bytes);
    assert.equal((await addIdea(store, (await addBase(store)).id)).id, 1);
    await store.close();
    const again = await openTestStore(file);
    assert.equal(again.setAside, undefined);
    assert.equal((await again.ideas()).length, 1);
    await again.close();
    assert.ok(!(await fs.readdir(path.dirname(file))).some((name) => name.endsWith('setting-aside')));
  });

  it('that is damaged in the middle is found out at opening and set aside', async () => {
    const store = await openTestStore(file);
    const base = await addBase(store);
    for (let count = 0; count < 200; count += 1) await addIdea(store, base.id, 'x'.repeat(500));
    await store.close();
    const bytes = await fs.readFile(file);
    bytes.fill(0xa5, 4096 * 4, bytes.length - 4096);
    await fs.writeFile(file, bytes);
    const fresh = await openTestStore(file);
    assert.deepEqual(await fresh.ideas(), []);
    assert.deepEqual(await fs.readFile(fresh.setAside ?? ''), bytes);
    await fresh.close();
  });

  it('is set aside once when two windows find the damage together', async () => {
    await fs.writeFile(file, 'junk '.repeat(2000));
    const opened = await Promise.allSettled([openTestStore(file), openTestStore(file)]);
    const stores = opened.flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
    assert.ok(stores.length >= 1);
    const aside = (await fs.readdir(path.dirname(file))).filter((name) => name.includes('.damaged-'));
    assert.equal(aside.length, 1);
    await Promise.all(stores.map((store) => store.close()));
  });

  it('is made once when another window opens it while the damaged one is set aside', async () => {
    await fs.writeFile(file, 'junk '.repeat(2000));
    const { files } = realSystem();
    let other: OpenedDatabase | undefined;
    const rename = async (from: string, to: string): Promise<void> => {
      await files.rename(from, to);
      if (from !== file) return;
      other = await openDatabase(files, file, false, Date.now());
      other.sql.run('CREATE TABLE of_another_window (x)');
    };
    const mine = await openDatabase({ ...files, rename }, file, false, Date.now());
    assert.ok(mine.setAside);
    assert.deepEqual(mine.sql.all('SELECT x FROM of_another_window'), []);
    assert.equal((await fs.readdir(path.dirname(file))).filter((name) => name.includes('.damaged-')).length, 1);
    other?.sql.database.close();
    mine.sql.database.close();
  });

  it('that cannot be opened is a message with the path, not a bug', async () => {
    await fs.mkdir(file);
    await assert.rejects(openTestStore(file), (error: Error & { code: string }) => {
      assert.equal(error.code, 'database-unavailable');
      assert.ok(error.message.includes(file));
      return true;
    });
  });
});
