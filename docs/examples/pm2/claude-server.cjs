// What PM2 runs: its cluster mode, which alone reloads without a gap, wants a Node script. This one starts the program beside it,
// says when it serves, and passes on the signal to stop.
const { spawn } = require('node:child_process')
const path = require('node:path')

const program = process.env.CLAUDE_SERVER || path.join(__dirname, 'claude-server')
// What the program shall not take for its own.
const { NODE_CHANNEL_FD, NODE_CHANNEL_SERIALIZATION_MODE, NODE_UNIQUE_ID, pm2_env, ...env } = process.env

const child = spawn(program, ['serve', '--take-over', '--no-browser', ...process.argv.slice(2)], {
  // It would start itself once more to set this, and lose the channel it says `ready` by.
  env: { ...env, BUN_CONFIG_MAX_HTTP_REQUESTS: '65535' },
  stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
})
child.stdout.pipe(process.stdout)
child.stderr.pipe(process.stderr)
child.on('message', (message) => {
  if (message === 'ready' && process.send) process.send('ready')
})
child.on('error', (error) => {
  console.error(`${program} cannot be started: ${error.message}`)
  process.exit(1)
})
child.on('exit', (code) => process.exit(code === null ? 1 : code))
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill('SIGTERM'))
