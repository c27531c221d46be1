import { expect, test } from 'bun:test'
import { nothing } from '../../server/access/limits.ts'
import { createRenamed } from '../../server/moving/ids.ts'
import { readDay, totalOf, wasCut } from '../../server/moving/user-row.ts'
import { createCells } from '../../server/moving/values.ts'

const most = Number.MAX_SAFE_INTEGER

test.each([
  [{ input_tokens: 10, output_tokens: 2, total_tokens: 12 }, [10, 2, 50, 50], []],
  [{ input_tokens: most, output_tokens: 0 }, [most, 0, most, 0], [wasCut]],
  [{ input_tokens: 2 ** 51, output_tokens: 2 ** 50 }, [2 ** 51, 2 ** 50, most, most], [wasCut]],
  [{ input_tokens: most, output_tokens: most, total_tokens: most }, [most, most, most, most], [wasCut]],
] as const)('a day of %j counts what can be counted, and says what was cut', (row, figures, repairs) => {
  const cells = createCells({ user_id: 'u', date: '2026-02-13', request_count: 1, ...row })
  const day = readDay(cells, createRenamed())
  if (typeof day === 'string') throw new Error(day)
  const { inputTokens, outputTokens, inputMicroUsd, outputMicroUsd } = day.used
  expect([inputTokens, outputTokens, inputMicroUsd, outputMicroUsd]).toEqual([...figures])
  expect(cells.repairs).toEqual([...repairs])
})

test('so does a user’s total', () => {
  let cuts = 0
  const total = totalOf({ tokens: most, requests: 3, microUsd: 5e21 }, nothing, () => cuts++)
  expect(Object.values(total).every((value) => Number.isSafeInteger(value))).toBe(true)
  expect([total.inputTokens + total.outputTokens, total.requests, cuts]).toEqual([most, 3, 1])
})
