// pm2 start ecosystem.config.cjs
// pm2 reload claude-server    starts the program anew (another version too): no stream is cut, no request is refused
// pm2 stop claude-server      open streams have 30 s
const path = require('node:path')

module.exports = {
  apps: [
    {
      name: 'claude-server',
      // Beside this file, with the program: or name the program in CLAUDE_SERVER.
      script: path.join(__dirname, 'claude-server.cjs'),
      args: ['--data-dir', process.env.DATA_DIR || path.join(__dirname, 'data')],
      exec_mode: 'cluster',
      instances: 1, // one gateway for each data folder
      wait_ready: true,
      listen_timeout: 60000,
      kill_timeout: 40000, // server.shutdown_grace_seconds and a little
      max_restarts: 10,
      exp_backoff_restart_delay: 200,
    },
  ],
}
