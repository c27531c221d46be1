import type { GatewayError } from '../conversation/error.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { type ImportRead, readImportJson } from '../upstream/amazonq/import.ts'
import { invalidRequest } from './invalid-request.ts'

/** `POST /v2/accounts/direct-import`: a list, taken in unchecked; each account is called by its e-mail. */
export function readDirectImport(text: string): Result<ImportRead, GatewayError> {
  const items = parsed(text)
  if (!Array.isArray(items))
    return err(invalidRequest({ reason: 'no-sign-in' }, 'The body must be a JSON list of accounts.'))
  if (items.length === 0) return err(invalidRequest({ reason: 'nothing-given' }, 'There is nothing to import.'))
  const read = readImportJson(items, { asOriginal: true })
  if (!read.ok) return read
  return ok({
    ...read.value,
    items: read.value.items.map((item) => {
      if (!item.ok || item.value.email === undefined) return item
      return ok({ ...item.value, label: item.value.email })
    }),
  })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
