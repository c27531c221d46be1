import type { Effects } from '../lib/effects.ts'
import { keptTableNames, type WholeStore } from '../store/whole.ts'
import { areSame, foundBy, withoutNumber } from './changes.ts'
import { identify } from './identities.ts'
import type { MergeOptions } from './merge.ts'

/** Counts what becomes of what is here when `given` takes its place, in batches. */
export async function compareStores(
  given: Pick<WholeStore, 'read'>,
  here: Pick<WholeStore, 'read' | 'find' | 'count'>,
  options: Pick<MergeOptions, 'changes' | 'onTable'> & { readonly effects: Pick<Effects, 'newId' | 'turn'> },
): Promise<void> {
  const { changes, effects } = options
  const ids = await identify(given, here, effects.newId)
  for (const name of keptTableNames) {
    let met = 0
    for await (const rows of given.read(name)) {
      const renamed = rows.map((row) => ids.renamed(name, row))
      for (const [index, found] of (await here.find(name, renamed, foundBy[name])).entries()) {
        const row = renamed[index] ?? {}
        if (found === undefined) changes.count(name, 'added')
        else {
          met++
          changes.count(name, areSame(row, found, withoutNumber(name, Object.keys(found))) ? 'same' : 'changed')
        }
      }
      await effects.turn()
    }
    changes.count(name, 'removed', (await here.count(name)) - met)
    options.onTable(name)
  }
}
