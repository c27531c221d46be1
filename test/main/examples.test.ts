import { afterAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parse, parseAllDocuments } from 'yaml'
import { leftOut } from '../support/left-out.ts'

const examples = path.join(import.meta.dir, '../../docs/examples')
const read = (file: string): string => readFileSync(path.join(examples, file), 'utf8')
const graceSeconds = Number(
  /shutdown_grace_seconds: (\d+)/.exec(readFileSync(path.join(examples, '../config.example.yaml'), 'utf8'))?.[1],
)
const folder = mkdtempSync(path.join(tmpdir(), 'examples-'))
afterAll(() => rmSync(folder, { recursive: true }))

describe('the systemd unit', () => {
  const unit = read('systemd/claude-server.service')
  const value = (name: string): string | undefined => new RegExp(`^${name}=(.*)$`, 'm').exec(unit)?.[1]

  test('waits for open streams, and says how it is', () => {
    expect(Number(value('TimeoutStopSec'))).toBeGreaterThan(graceSeconds)
    expect([value('Type'), value('NotifyAccess')]).toEqual(['notify', 'all'])
    expect(Number(value('WatchdogSec'))).toBeGreaterThanOrEqual(30)
    expect(value('ExecReload')).toContain('claude-server restart')
    expect(value('MemoryDenyWriteExecute')).toBeUndefined() // the runtime could not start
  })

  const analyze = Bun.which('systemd-analyze')
  if (analyze === null) leftOut('systemd-analyze')
  else {
    test('is taken by systemd without a word, and exposes little', () => {
      const file = path.join(folder, 'claude-server.service')
      // Programs have to be there.
      writeFileSync(file, unit.replaceAll('/usr/local/bin/claude-server', process.execPath))
      const run = (...args: string[]) =>
        Bun.spawnSync([analyze, ...args, file], { env: { PATH: process.env.PATH ?? '' } })
      const verified = run('verify')
      expect([verified.exitCode, verified.stderr.toString()]).toEqual([0, ''])
      const security = run('security', '--offline=true', '--no-pager', '--threshold=25')
      expect([security.exitCode, security.stdout.toString()]).toEqual([0, expect.stringContaining('exposure level')])
    })
  }
})

test('PM2 waits for open streams, and starts a successor before it stops anything', () => {
  const [app] = createRequire(import.meta.url)(path.join(examples, 'pm2/ecosystem.config.cjs')).apps
  expect(app.kill_timeout).toBeGreaterThan(graceSeconds * 1_000)
  expect(app).toMatchObject({ exec_mode: 'cluster', instances: 1, wait_ready: true })
  expect(app.script).toBe(path.join(examples, 'pm2/claude-server.cjs'))
})

// There is no Docker daemon and no cluster where these tests run: what stands in the files is all that is looked at.
describe('the container', () => {
  const lines = read('docker/Dockerfile')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
  const given = (word: string): readonly string[] =>
    lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1))

  test('is built in two stages, runs as nobody, and is asked by its own program', () => {
    expect(given('FROM')).toHaveLength(2)
    expect(given('USER')).toEqual(['65532:65532'])
    expect(given('VOLUME')).toEqual(['/data'])
    expect(given('HEALTHCHECK')).toEqual([expect.stringContaining('["/usr/local/bin/claude-server", "health"]')])
    for (const line of lines) {
      expect(line).toMatch(/^(FROM|WORKDIR|COPY|ARG|RUN|ENV|VOLUME|EXPOSE|USER|HEALTHCHECK|STOPSIGNAL|ENTRYPOINT|CMD) /)
    }
    for (const list of [...given('ENTRYPOINT'), ...given('CMD')]) expect(JSON.parse(list)).toBeArray()
    // What is copied from the first stage is made there, and what is left out of it is not needed to build.
    const made = given('RUN').join(' ')
    const copied = given('COPY').flatMap((line) => [...line.matchAll(/--from=build .*?(\/\S+) \//g)])
    expect(copied).toHaveLength(2)
    for (const [, source = ''] of copied) {
      expect(made).toMatch(new RegExp(`(cp|mkdir) [^&]*${source}(\\s|$)`))
    }
    const ignored = read('docker/Dockerfile.dockerignore').split('\n').filter(Boolean)
    expect(ignored).toEqual(['.git', 'dist', 'node_modules', 'docs/screenshots'])
  })

  test('has nothing to write to but its volume, no powers, and time to stop', () => {
    const { services, volumes } = parse(read('docker/compose.yaml'))
    const service = services['claude-server']
    expect(service).toMatchObject({ read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] })
    expect(Number.parseInt(service.stop_grace_period, 10)).toBeGreaterThan(graceSeconds)
    expect(service.volumes.map((volume: string) => volume.split(':')[0])).toEqual(Object.keys(volumes))
    const context = path.resolve(examples, 'docker', service.build.context)
    expect(readFileSync(path.join(context, service.build.dockerfile), 'utf8')).toBe(read('docker/Dockerfile'))
  })
})

test('the Kubernetes example is one pod at a time, probed where the server answers, that may do next to nothing', () => {
  const documents = parseAllDocuments(read('kubernetes/claude-server.yaml'))
  for (const { errors, warnings } of documents) expect([...errors, ...warnings]).toEqual([])
  const all = documents.map((document) => document.toJS())
  const of = (kind: string) => all.filter((one) => one.kind === kind)
  const { spec } = of('Deployment')[0]
  const pod = spec.template.spec
  const [container] = pod.containers
  expect(spec).toMatchObject({ replicas: 1, strategy: { type: 'Recreate' } })
  expect(spec.selector.matchLabels).toEqual(spec.template.metadata.labels)
  expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } })
  expect(container.securityContext).toEqual({
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  })
  expect(
    [container.livenessProbe, container.readinessProbe, container.startupProbe].map((one) => one.httpGet.path),
  ).toEqual(['/healthz', '/readyz', '/healthz'])
  const waits = container.lifecycle.preStop.sleep.seconds + graceSeconds
  expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(waits)
  const claims = of('PersistentVolumeClaim').map((claim) => claim.metadata.name)
  expect(claims).toContain(pod.volumes[0].persistentVolumeClaim.claimName)
  expect(container.volumeMounts.map((mount: { name: string }) => mount.name)).toEqual(
    pod.volumes.map((volume: { name: string }) => volume.name),
  )
  for (const service of of('Service')) {
    expect(service.spec.selector).toEqual(spec.template.metadata.labels)
    expect(service.spec.ports[0].targetPort).toBe(container.ports[0].name)
  }
})
