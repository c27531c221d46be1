import { limitCode } from './account-limit.ts'
import type { AccountFed, AccountImported, ImportResult, TokenImportResult } from './contract/imports.ts'

/** What came of an import, in the answer of each of the original's routes, with the result of every item beside its members. */
export function fedAnswer(results: readonly ImportResult[]): AccountFed {
  const created = results.flatMap(({ outcome, id }) => (outcome === 'added' && id !== undefined ? [id] : []))
  const skipped = results
    .filter(({ outcome }) => outcome !== 'added')
    .map(({ index, error = 'It was refused.' }) => ({ index, error }))
  return { created, count: created.length, skipped, results: [...results] }
}

export function importedAnswer(results: readonly ImportResult[]): AccountImported {
  const { total, imported, duplicate, failed } = countsOf(results)
  return {
    success: true,
    total,
    valid: total - failed,
    duplicate,
    invalid: failed,
    imported,
    limitReached: results.some(({ code }) => code === limitCode),
    message: `Imported ${imported} of ${total} accounts (${duplicate} already there, ${failed} unusable).`,
    results: [...results],
  }
}

export function tokensAnswer(results: readonly ImportResult[]): TokenImportResult {
  const { total, imported, duplicate, failed } = countsOf(results)
  return {
    success: imported > 0,
    total,
    imported,
    failed,
    duplicate,
    limitReached: results.some(({ code }) => code === limitCode),
    message: `Imported ${imported} of ${total} accounts.`,
    results: results.map((result) => ({
      ...result,
      success: result.outcome === 'added',
      ...(result.name === undefined ? {} : { label: result.name }),
      ...(result.outcome === 'renewed' ? { renewed: true } : {}),
    })),
  }
}

function countsOf(results: readonly ImportResult[]) {
  const count = (...wanted: readonly ImportResult['outcome'][]): number =>
    results.filter(({ outcome }) => wanted.includes(outcome)).length
  return {
    total: results.length,
    imported: count('added'),
    duplicate: count('present', 'renewed'),
    failed: count('refused'),
  }
}
