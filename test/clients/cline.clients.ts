import path from 'node:path'
import { describeAgent } from './agent.ts'
import { jsonLines } from './sandbox.ts'

type Event = {
  readonly type?: string
  readonly finishReason?: string
  readonly text?: string
  readonly message?: string
}

// Else each run leaves a process behind that serves the next.
const env = { CLINE_SESSION_BACKEND_MODE: 'local', CLINE_NO_AUTO_UPDATE: '1' }

describeAgent({
  name: 'Cline',
  endpoint: 'openai-chat',
  userAgent: /^ai-sdk\/openai-compatible\//,
  setUp: async (sandbox, gateway) => {
    const settings = { telemetryOptOut: true, autoUpdateEnabled: false }
    await Bun.write(path.join(sandbox.home, '.cline/data/settings/global-settings.json'), JSON.stringify(settings))
    const provider = ['-p', 'openai-compatible', '-m', 'claude-sonnet-4.5', '-b', `${gateway.url}/v1`]
    const run = await sandbox.run('cline', ['auth', ...provider, '-k', gateway.key], { env })
    if (run.code !== 0) throw new Error(`cline auth failed:\n${run.out}\n${run.err}`)
  },
  ask: async (sandbox, _gateway, { prompt, image, key }) => {
    const asked = image === undefined ? prompt : `${prompt} [[sim:call=read_files {"files":[{"path":"${image}"}]}]]`
    const run = await sandbox.run(
      'cline',
      ['--json', '-P', 'openai-compatible', '-m', 'claude-sonnet-4.5', '-k', key, asked],
      { env },
    )
    const events = jsonLines(run.out) as readonly Event[]
    const result = events.findLast((event) => event.type === 'run_result')
    return { ok: run.code === 0 && result?.finishReason === 'completed', text: result?.text ?? run.out, run }
  },
  threeCalls:
    '[[sim:call=read_files {"files":[{"path":"a.txt"}]}]] [[sim:call=read_files {"files":[{"path":"b.txt"}]}]] ' +
    '[[sim:call=run_commands {"commands":["cat c.txt; echo written > d.txt"]}]]',
  goesOn: false,
  onBreak: 'tells',
  // It reports to its maker when it is set up, whatever its settings say.
  tolerated: ['CONNECT data.cline.bot:443'],
  tooLong: 'Say hello. [[sim:fault=too-long]]',
})
