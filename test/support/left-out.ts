import { expect, test } from 'bun:test'

/** A program that tests need is not on this machine: said and left out, except in CI, where it fails. */
export function leftOut(program: string): void {
  const message = `${program} is not installed: the tests that need it are left out`
  if (process.env.CI === undefined) console.warn(message)
  else test(`${program} is installed`, () => expect(message).toBe(''))
}
