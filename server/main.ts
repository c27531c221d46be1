// The entry: nothing is loaded before the process has the limits it needs.
const manyFetches = 'BUN_CONFIG_MAX_HTTP_REQUESTS'
// Each was measured (docs/performance.md). The last optimising compiler begins five times as late as by default: most of our code
// runs once per request and is never so hot that its compiling pays. The heap may double, not treble, before old garbage is
// collected, and grow by a fifth, not two, while that is done.
const tuning = {
  BUN_JSC_thresholdForFTLOptimizeAfterWarmUp: '500000',
  BUN_JSC_heapGrowthMaxIncrease: '1',
  BUN_JSC_concurrentGCMaxHeadroom: '1.2',
}

// Bun allows 256 concurrent fetches per process unless this variable was set before the process began, and an open stream
// holds one for its whole life. So the process replaces itself once, with the variables set.
if (process.env[manyFetches] === undefined) {
  const env = { ...tuning, ...process.env, [manyFetches]: '65535' }
  const args = Bun.isStandaloneExecutable ? process.argv.slice(2) : process.argv.slice(1)
  const { execve } = process
  if (process.platform !== 'win32' && execve !== undefined) {
    execve.call(process, process.execPath, [process.execPath, ...args], env)
  }
  const child = Bun.spawn([process.execPath, ...args], { env, stdio: ['inherit', 'inherit', 'inherit'] })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal))
  process.exit(await child.exited)
}

// Otherwise the framework writes every body it refuses out in full, indented, into an error that nobody reads.
process.env.NODE_ENV ??= 'production'

// A child of ours that reads one attachment needs nothing of the gateway (server/documents/child.ts).
if (process.argv[2] === 'read-attachment') {
  const { runAttachmentChild } = await import('./documents/child.ts')
  process.exit(await runAttachmentChild(process.argv.slice(3)))
}

// One that judges what takes long by a caller's schema, likewise (server/contract/far-judge.ts).
if (process.argv[2] === 'judge-by-schema') {
  const { runJudgeChild } = await import('./contract/far-judge.ts')
  process.exit(await runJudgeChild())
}

// One that copies the database needs none of it either (server/backup/copy-database.ts).
if (process.argv[2] === 'copy-database') {
  const { runCopyChild } = await import('./backup/copy-database.ts')
  process.exit(await runCopyChild(process.argv.slice(3)))
}

const { main } = await import('./main/run.ts')
process.exit(await main(process.argv.slice(2)))

export {}
