import { StoreFault } from '../store/engine/fault.ts'
import type { RequestRecord } from '../store/request-record.ts'
import { idOf, madeId } from './ids.ts'
import type { ImportContext } from './import-context.ts'
import { type KnownKeys, readRequest } from './request-row.ts'
import type { Row } from './source.ts'
import { createCells } from './values.ts'

/** The request log. Gives how many rows were added. */
export async function importRequests(context: ImportContext, keys: KnownKeys): Promise<number> {
  const { store, batches, tallyOf, now } = context
  const tally = tallyOf('request_logs')
  let ordinal = 0
  let lastAt = now
  let added = 0
  for await (const rows of batches('request_logs')) {
    const ids = new Set<string>()
    const reads = rows.map((row) => {
      const cells = createCells(row)
      const id = idOf(cells, row, 'req', ordinal++, ids)
      ids.add(id)
      const record = readRequest(cells, id, lastAt, keys)
      lastAt = record.at
      return { row, record, repairs: cells.repairs, ordinal }
    })
    try {
      await store.requests.append(reads.map(({ record }) => record))
      for (const { record, repairs } of reads) tally.imported(record.id, repairs)
      added += reads.length
    } catch (error) {
      if (!isConflict(error)) throw error
      for (const { row, record, repairs, ordinal: at } of reads) {
        const kept = await appendOne(context, row, record, at)
        if (kept === 'there') tally.leftOut(record.id, 'a request of this id is there already')
        else
          tally.imported(
            kept.id,
            kept.id === record.id ? repairs : [...repairs, 'its id was another row’s too and was replaced'],
          )
        if (kept !== 'there') added++
      }
    }
  }
  return added
}

/** Some row of its batch has an id that is taken: by itself, from an import before, or by another row. */
async function appendOne(
  { store: { requests } }: ImportContext,
  row: Row,
  record: RequestRecord,
  ordinal: number,
): Promise<RequestRecord | 'there'> {
  for (const candidate of [record, { ...record, id: madeId(row, 'req', ordinal) }]) {
    try {
      await requests.append([candidate])
      return candidate
    } catch (error) {
      if (!isConflict(error)) throw error
      const there = await requests.find(candidate.id)
      if (there !== undefined && isSame(there, record)) return 'there'
    }
  }
  return 'there'
}

/** The time is not compared: a row that had none was given one. */
const isSame = (a: RequestRecord, b: RequestRecord): boolean =>
  (['peer', 'status', 'durationMs', 'inputTokens', 'outputTokens', 'userAgent', 'accountId'] as const).every(
    (name) => a[name] === b[name],
  )

const isConflict = (error: unknown): boolean => error instanceof StoreFault && error.kind === 'conflict'
