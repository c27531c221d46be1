import { expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { parse } from 'yaml'
import { scripts } from '../../package.json'

type Step = { readonly uses?: string; readonly run?: string; readonly with?: Readonly<Record<string, unknown>> }

const file = path.join(import.meta.dir, '../../.github/workflows/release.yml')
const { on, permissions, jobs } = parse(readFileSync(file, 'utf8'))
const steps: readonly Step[] = jobs.release.steps
const commands = steps.map(({ run }) => run ?? '').join('\n')

test('a tag, and nothing else, makes a release, with no more rights than it needs', () => {
  expect(on).toEqual({ push: { tags: ['v*'] } })
  expect(permissions).toEqual({ contents: 'read' })
  expect(jobs.release.permissions).toEqual({ contents: 'write', 'id-token': 'write', attestations: 'write' })
})

test('what others wrote is pinned to one commit of theirs', () => {
  const used = steps.flatMap(({ uses }) => uses ?? [])
  expect(used.length).toBeGreaterThan(0)
  for (const one of used) expect(one).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40}$/)
})

test('it runs the scripts anybody can run, the second build among them, and says where the files come from', () => {
  const ran = [...commands.matchAll(/npm run ([\w:-]+)/g)].map(([, name = '']) => name)
  expect(ran).toEqual(['typecheck', 'lint', 'test:unit', 'build', 'verify-release'])
  for (const name of ran) expect(scripts).toHaveProperty(name)
  expect(commands).toContain('verify-release -- --rebuild')
  const attested = steps.find(({ uses }) => uses?.startsWith('actions/attest-build-provenance@'))
  expect(attested?.with).toEqual({ 'subject-path': 'dist/release/*' })
  expect(commands).toContain('sha256sum --check SHA256SUMS')
  expect(commands).toContain('gh release create "$GITHUB_REF_NAME" dist/release/*')
})
