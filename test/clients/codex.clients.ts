import { expect, test } from 'bun:test'
import path from 'node:path'
import type { Gateway } from '../support/gateway.ts'
import { type Agent, describeAgent, type Place } from './agent.ts'
import { jsonLines, type Sandbox } from './sandbox.ts'
import { watchGateway } from './witness.ts'

type Event = {
  readonly type?: string
  readonly item?: { readonly type?: string; readonly text?: string }
  readonly error?: { readonly message?: string }
}

const quiet = `web_search = "disabled"
check_for_update_on_startup = false
analytics.enabled = false
features.apps = false
features.plugins = false
`
const ownProvider = (gateway: Gateway): string => `model_provider = "gateway"

[model_providers.gateway]
name = "gateway"
base_url = "${gateway.url}/v1"
env_key = "GATEWAY_KEY"
wire_api = "responses"
`
const builtInProvider = (gateway: Gateway): string => `openai_base_url = "${gateway.url}/v1"\n`

const writeConfig = (sandbox: Sandbox, text: string): Promise<number> =>
  Bun.write(path.join(sandbox.home, '.codex/config.toml'), text)

function codex(name: string, model: string, provider: (gateway: Gateway) => string, threeCalls: string): Agent {
  return {
    name,
    endpoint: 'openai-responses',
    userAgent: /^codex_exec\//,
    setUp: async (sandbox, gateway) => {
      await writeConfig(sandbox, `model = "${model}"\nmodel_context_window = 200000\n${quiet}${provider(gateway)}`)
    },
    ask: async (sandbox, _gateway, { prompt, image, again, options = [], key }) => {
      const run = await sandbox.run(
        'codex',
        [
          // Its own fence around commands is not what is tried here, and not every machine has it.
          ...['exec', '--json', '--skip-git-repo-check', '--sandbox', 'danger-full-access'],
          ...options,
          ...(image === undefined ? [] : ['--image', image]),
          ...(again ? ['resume', '--last'] : []),
          '-',
        ],
        { env: { GATEWAY_KEY: key, CODEX_API_KEY: key }, input: prompt },
      )
      const events = jsonLines(run.out) as readonly Event[]
      const failure = events.find((event) => event.type === 'turn.failed')?.error?.message
      const texts = events.flatMap(({ item }) => (item?.type === 'agent_message' ? [item.text ?? ''] : []))
      return { ok: run.code === 0 && failure === undefined, text: failure ?? texts.join('\n'), run }
    },
    threeCalls,
  }
}

const commands = ['cat a.txt', 'cat b.txt', 'cat c.txt; echo written > d.txt']
const threeCommands = commands.map((cmd) => `[[sim:call=exec_command ${JSON.stringify({ cmd })}]]`).join(' ')

// With names it knows it shows the model one tool that runs JavaScript, and that calls the others.
const script = `const shown = []
for (const cmd of ['cat a.txt', 'cat b.txt', 'cat c.txt']) shown.push((await tools.exec_command({ cmd })).output)
await tools.apply_patch('*** Begin Patch\\n*** Add File: d.txt\\n+written\\n*** End Patch\\n')
text(shown.join(''))`

describeAgent(codex('Codex', 'claude-sonnet-4.5', ownProvider, threeCommands), (place) => {
  test('a tool of a group is called and answers', async () => {
    const call = '[[sim:call=multi_agent_v1__wait_agent {"targets":["nobody"],"timeout_ms":10000}]]'
    const told = await place().ask({ prompt: `Wait. ${call}` })
    expect(told.text).toContain('invalid agent id nobody')
  })

  test('an answer by a schema is one', async () => {
    const { sandbox, ask } = place()
    const schema = { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] }
    await Bun.write(path.join(sandbox.work, 'schema.json'), JSON.stringify({ ...schema, additionalProperties: false }))
    const told = await ask({ prompt: 'Who is it?', options: ['--output-schema', 'schema.json'] })
    expect(JSON.parse(told.text)).toEqual({ name: expect.any(String) })
  })

  test('an answer by a schema whose first words are none is asked for once more', async () => {
    const { gateway, ask } = place()
    const witness = watchGateway(gateway)
    const told = await ask({
      prompt: 'Who is it? [[sim:instead=It is Ada.]]',
      options: ['--output-schema', 'schema.json'],
    })
    expect(JSON.parse(told.text)).toEqual({ name: expect.any(String) })
    expect(witness.asked()).toHaveLength(2)
    const rows = await witness.logged(1)
    expect(rows.map(({ route, is_success }) => [route.repair?.outcome, is_success])).toEqual([['repaired', true]])
  })

  test('one that turns out wrong while it streams ends in an error, at which it asks again', async () => {
    const { gateway, ask } = place()
    const witness = watchGateway(gateway)
    gateway.simulator.enqueue({ steps: [{ type: 'text', text: '{"name":7}' }] })
    const told = await ask({ prompt: 'Who is it?', options: ['--output-schema', 'schema.json'] })
    expect(JSON.parse(told.text)).toEqual({ name: expect.any(String) })
    const rows = await witness.logged(2)
    expect(rows.map(({ route, is_success }) => [route.repair?.outcome, is_success])).toEqual([
      ['late', false],
      [undefined, true],
    ])
  })

  test('a search of the web is done for it', async () => {
    const { gateway, sandbox, ask } = place()
    const settings = await Bun.file(path.join(sandbox.home, '.codex/config.toml')).text()
    await writeConfig(sandbox, settings.replace('web_search = "disabled"', 'web_search = "live"'))
    const witness = watchGateway(gateway)
    const told = await ask({ prompt: 'Look it up. [[sim:search=bun sqlite]]' })
    await writeConfig(sandbox, settings)
    expect(told.ok).toBe(true)
    expect(told.text).toContain('https://page1.simulated.example/bun%20sqlite')
    expect(jsonLines(told.run.out).map(({ item }) => (item as Event['item'])?.type)).toContain('web_search')
    const rows = await witness.logged(1)
    expect(rows.map(({ route }) => route.searches?.map(({ outcome }) => outcome))).toEqual([['ok']])
  })
})

describeAgent({
  ...codex(
    'Codex with a model it knows',
    'gpt-5.6-sol',
    ownProvider,
    `[[sim:call=functions__exec ${JSON.stringify({ input: script })}]]`,
  ),
  results: 1,
  tooLong: 'Say hello. [[sim:fault=too-long]]',
})

describeAgent(codex('Codex with its built-in provider', 'claude-sonnet-4.5', builtInProvider, threeCommands), (place) =>
  test('its remote compaction becomes a summary that the next turn brings back', () => compacts(place())),
)

async function compacts({ gateway, sandbox, ask }: Place): Promise<void> {
  await ask({ prompt: 'My word is xylophone. [[sim:text=I shall remember the xylophone.]]' })
  const settings = await Bun.file(path.join(sandbox.home, '.codex/config.toml')).text()
  await writeConfig(sandbox, `model_auto_compact_token_limit = 9000\n${settings}`)
  const witness = watchGateway(gateway)
  const told = await ask({ prompt: 'Go on. [[sim:text=We go on.]]', again: true })
  await writeConfig(sandbox, settings)
  expect(told).toMatchObject({ ok: true, text: 'We go on.' })
  const [summing, going] = witness.asked()
  expect(summing?.tools).toEqual([])
  expect(summing?.earlier.join('\n')).toContain('My word is xylophone.')
  expect(going?.text).toContain('Go on.')
  // The simulated model's summary quotes what it was asked: it came sealed to Codex, and back, and open to the provider.
  expect(going?.text).toContain('This answer is simulated; no model was asked')
}
