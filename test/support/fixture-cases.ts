import { expect } from 'bun:test'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'

const root = path.join(import.meta.dir, '..', 'fixtures')

export type FixtureKind = 'requests' | 'replies'

/** The case folders of one kind that hold `file`, by name. */
export function caseNames(kind: FixtureKind, file: string): readonly string[] {
  return readdirSync(path.join(root, kind))
    .filter((name) => existsSync(path.join(root, kind, name, file)))
    .sort()
}

export const caseFile = (kind: FixtureKind, name: string, file: string): string => path.join(root, kind, name, file)

export const readCaseText = (kind: FixtureKind, name: string, file: string): string =>
  readFileSync(caseFile(kind, name, file), 'utf8')

export function readCaseJson<T>(kind: FixtureKind, name: string, file: string): T {
  return JSON.parse(readCaseText(kind, name, file)) as T // the file's own shape, written by hand or by an update
}

export function readCaseLines<T>(kind: FixtureKind, name: string, file: string): readonly T[] {
  return readCaseText(kind, name, file)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T)
}

const updating = process.env.UPDATE_FIXTURES === '1'

/** Compares a text with the expected file, or rewrites that file when UPDATE_FIXTURES=1. */
export function expectCaseText(kind: FixtureKind, name: string, file: string, actual: string): void {
  if (updating) writeFileSync(caseFile(kind, name, file), actual)
  expect(actual).toBe(readCaseText(kind, name, file))
}

/** The same for a value kept as JSON. */
export function expectCaseJson(kind: FixtureKind, name: string, file: string, actual: unknown): void {
  if (updating) writeFileSync(caseFile(kind, name, file), `${JSON.stringify(actual, null, 2)}\n`)
  expect(JSON.parse(JSON.stringify(actual))).toEqual(readCaseJson(kind, name, file))
}
