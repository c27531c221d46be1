import { expect, test } from 'bun:test'
import { type Agent, describeAgent } from './agent.ts'
import { watchGateway } from './witness.ts'

type Result = { readonly type?: string; readonly is_error?: boolean; readonly result?: string }

function claudeCode(name: string, model: string, more: Partial<Agent> = {}): Agent {
  return {
    name,
    endpoint: 'anthropic',
    userAgent: /^claude-cli\//,
    setUp: async () => {}, // it is set up by its environment
    ask: async (sandbox, gateway, { prompt, image, again, options = [], key }) => {
      const asked = image === undefined ? prompt : `${prompt} [[sim:call=Read {"file_path":"${image}"}]]`
      const run = await sandbox.run(
        'claude',
        [
          '-p',
          '--model',
          model,
          '--allowedTools',
          'Read,Bash',
          '--output-format',
          'json',
          ...(again ? ['-c'] : []),
          ...options,
        ],
        {
          env: {
            ANTHROPIC_BASE_URL: gateway.url,
            ANTHROPIC_AUTH_TOKEN: key,
            CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
          },
          input: asked,
        },
      )
      const said = run.out.startsWith('{') ? (JSON.parse(run.out) as Result) : undefined
      return { ok: run.code === 0 && said?.is_error === false, text: said?.result ?? run.out, run }
    },
    threeCalls:
      '[[sim:call=Read {"file_path":"a.txt"}]] [[sim:call=Read {"file_path":"b.txt"}]] ' +
      '[[sim:call=Bash {"command":"cat c.txt; echo written > d.txt"}]]',
    ...more,
  }
}

// It speaks two ways, by the model's name: the older with everything in the user's message, the newer with system messages
// in the middle and tools that are named later.
describeAgent(claudeCode('Claude Code, an older model', 'claude-sonnet-4-5'), (place) => {
  test('an answer by a schema is one, through a tool of its own', async () => {
    const schema = { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] }
    const told = await place().ask({ prompt: 'Who is it?', options: ['--json-schema', JSON.stringify(schema)] })
    expect(JSON.parse(told.run.out)).toMatchObject({ structured_output: { name: expect.any(String) } })
  })

  test.each([
    { first: 'words', prompt: '[[sim:instead=It is Ada.]]', misfits: 0 },
    { first: 'a call that does not fit', prompt: '[[sim:call=StructuredOutput {"name":7}]]', misfits: 1 },
  ])('where the first reply is $first it asks on, and gets its answer', async ({ prompt, misfits }) => {
    const { gateway, ask } = place()
    const misfitsOf = async (): Promise<number> => {
      const metrics = await (await fetch(`${gateway.url}/metrics`)).text()
      return Number(/^claude_server_tool_inputs_total\{fits="false"\} (\d+)$/m.exec(metrics)?.[1] ?? 0)
    }
    const before = await misfitsOf()
    const schema = { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] }
    const told = await ask({ prompt: `Who is it? ${prompt}`, options: ['--json-schema', JSON.stringify(schema)] })
    expect(JSON.parse(told.run.out)).toMatchObject({ structured_output: { name: expect.any(String) } })
    // It holds the model to its tool by itself: the tool is neither strict nor demanded, so nothing is repaired for it.
    expect((await misfitsOf()) - before).toBe(misfits)
  })

  test('its own search of the web is one of the gateway’s', async () => {
    const { gateway, ask } = place()
    const witness = watchGateway(gateway)
    const prompt = 'Look it up. [[sim:call=WebSearch {"query":"bun sqlite"}]]'
    const told = await ask({ prompt, options: ['--tools', 'WebSearch', '--allowedTools', 'WebSearch'] })
    expect(told).toMatchObject({ ok: true })
    expect(witness.asked().at(-1)?.results.join()).toContain('https://page1.simulated.example/bun%20sqlite')
    const rows = await witness.logged(3)
    expect(rows.flatMap(({ route }) => route.searches?.map(({ outcome }) => outcome) ?? [])).toEqual(['ok'])
  })
})
// What is over this one's million tokens it does not even send.
const tooLong = 'Say hello. [[sim:fault=too-long]]'
describeAgent(claudeCode('Claude Code, a newer model', 'claude-opus-5-5', { tooLong }))
