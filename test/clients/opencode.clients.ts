import path from 'node:path'
import { type Agent, describeAgent } from './agent.ts'
import { jsonLines } from './sandbox.ts'

type Event = {
  readonly type?: string
  readonly part?: { readonly text?: string }
  readonly error?: { readonly data?: { readonly message?: string } }
}

function opencode(name: string, npm: string, endpoint: Agent['endpoint']): Agent {
  return {
    name,
    endpoint,
    userAgent: /^opencode\//,
    setUp: async (sandbox, gateway) => {
      const settings = {
        autoupdate: false,
        share: 'disabled',
        provider: {
          gateway: {
            npm,
            options: { baseURL: `${gateway.url}/v1`, apiKey: '{env:GATEWAY_KEY}' },
            models: {
              'claude-sonnet-4.5': {
                attachment: true,
                limit: { context: 200_000, output: 64_000 },
                modalities: { input: ['text', 'image'], output: ['text'] },
              },
            },
          },
        },
      }
      await Bun.write(path.join(sandbox.work, 'opencode.json'), JSON.stringify(settings))
    },
    ask: async (sandbox, _gateway, { prompt, image, again, key }) => {
      const args = ['run', '--format', 'json', '-m', 'gateway/claude-sonnet-4.5']
      const run = await sandbox.run(
        'opencode',
        [...args, ...(again ? ['-c'] : []), ...(image === undefined ? [] : ['-f', image])],
        { env: { GATEWAY_KEY: key, OPENCODE_DISABLE_MODELS_FETCH: '1' }, input: prompt },
      )
      const events = jsonLines(run.out) as readonly Event[]
      const errors = events.flatMap((event) => (event.type === 'error' ? [event.error?.data?.message ?? ''] : []))
      const texts = events.flatMap((event) => (event.type === 'text' ? [event.part?.text ?? ''] : []))
      const ok = run.code === 0 && errors.length === 0
      return { ok, text: (ok ? texts : errors).join('\n'), run }
    },
    threeCalls:
      '[[sim:call=read {"filePath":"a.txt"}]] [[sim:call=read {"filePath":"b.txt"}]] ' +
      '[[sim:call=bash {"command":"cat c.txt; echo written > d.txt","description":"Looks and writes"}]]',
    // It looks for its plug-in package at its start.
    tolerated: ['CONNECT registry.npmjs.org:443'],
  }
}

describeAgent(opencode('opencode over Chat Completions', '@ai-sdk/openai-compatible', 'openai-chat'))
describeAgent(opencode('opencode over Messages', '@ai-sdk/anthropic', 'anthropic'))
describeAgent(opencode('opencode over Responses', '@ai-sdk/openai', 'openai-responses'))
