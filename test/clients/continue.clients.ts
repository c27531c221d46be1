import path from 'node:path'
import { stringify } from 'yaml'
import { type Agent, describeAgent } from './agent.ts'

function continueCli(
  name: string,
  provider: 'openai' | 'anthropic',
  endpoint: Agent['endpoint'],
  userAgent: RegExp,
): Agent {
  return {
    name,
    endpoint,
    userAgent,
    setUp: async () => {}, // its settings hold the key: they are written before each turn
    ask: async (sandbox, gateway, { prompt, again, key }) => {
      const config = path.join(sandbox.home, '.continue/config.yaml')
      await Bun.write(
        config,
        stringify({
          name: 'gateway',
          version: '1.0.0',
          schema: 'v1',
          models: [
            {
              name: 'Gateway',
              provider,
              model: 'claude-sonnet-4-5',
              apiBase: `${gateway.url}/v1`,
              apiKey: key,
              roles: ['chat', 'edit', 'apply'],
              capabilities: ['tool_use', 'image_input'],
            },
          ],
        }),
      )
      const run = await sandbox.run('cn', ['-p', '--auto', '--config', config, ...(again ? ['--resume'] : [])], {
        env: { CONTINUE_TELEMETRY_ENABLED: '0' },
        input: prompt,
      })
      return { ok: run.code === 0, text: (run.code === 0 ? run.out : run.out + run.err).trim(), run }
    },
    threeCalls:
      '[[sim:call=Read {"filepath":"a.txt"}]] [[sim:call=Read {"filepath":"b.txt"}]] ' +
      '[[sim:call=Bash {"command":"cat c.txt; echo written > d.txt"}]]',
    sees: false,
    tooLong: 'Say hello. [[sim:fault=too-long]]',
  }
}

describeAgent(continueCli('Continue over Chat Completions', 'openai', 'openai-chat', /JS [\d.]+$/))
describeAgent({ ...continueCli('Continue over Messages', 'anthropic', 'anthropic', /^node-fetch/), onBreak: 'tells' })
