import { describe, expect, test } from 'bun:test'
import { answer } from '../../server/simulator/brain.ts'
import { allModels, modelsOf } from '../../server/simulator/models.ts'
import { readPrompt } from '../../server/simulator/prompt.ts'
import { sampleOf } from '../../server/simulator/sample-input.ts'
import type { Step } from '../../server/simulator/step.ts'
import { asksForTools } from '../../server/simulator/tool-request.ts'
import { validate } from '../../server/simulator/validate.ts'
import { assistant, body, type Json, result, tool, user } from './client.ts'

function stepsFor(value: Json): readonly Step[] {
  const checked = validate(value, {
    region: 'us-east-1',
    age: 'runtime-2026-08',
    models: modelsOf('power', 'us-east-1'),
    isOwnSignature: () => true,
    isOwnRedaction: () => true,
  })
  if ('rule' in checked) throw new Error(checked.rule)
  return answer(readPrompt(checked), checked.model).script.steps
}
const textFor = (value: Json): string =>
  stepsFor(value)
    .map((step) => (step.type === 'text' ? step.text : ''))
    .join('')
const callsFor = (value: Json): readonly string[] =>
  stepsFor(value).flatMap((step) => (step.type === 'tool' ? [step.name] : []))
const context = { userInputMessageContext: { tools: [tool('get_weather'), tool('read_file')] } }

describe('an automatic answer', () => {
  test.each([
    ['says in English that it is simulated', 'How are you?', 'This answer is simulated'],
    ['says in Chinese that it is simulated', '你好，今天怎么样？', '这是模拟的回答'],
    ['quotes the prompt', 'the quick brown fox', 'the quick brown fox'],
    ['brings markers back', 'a [[marker:one-1]] b [[marker:two-2]]', '[[marker:one-1]] [[marker:two-2]]'],
    ['says a told text', 'x [[sim:text=Exactly this.]] y', 'Exactly this.'],
  ])('%s', (_name, prompt, expected) => expect(textFor(body(prompt))).toContain(expected))

  test('says nothing but a told text', () => {
    expect(textFor(body('x [[sim:text=Exactly this.]] y'))).toBe('Exactly this.')
  })

  test('is JSON when told to, by the schema that stands there', () => {
    const schema = {
      type: 'object',
      properties: { name: { type: 'string' }, n: { type: 'integer', minimum: 3 } },
      required: ['name', 'n'],
    }
    expect(JSON.parse(textFor(body('Reply with a JSON object.')))).toMatchObject({ simulated: true })
    const prompt = `Who? Respond only with JSON matching this schema: ${JSON.stringify(schema)}`
    expect(JSON.parse(textFor(body(prompt)))).toEqual({ name: 'simulated', n: 3 })
    expect(textFor(body('What is JSON?'))).toContain('What is JSON?')
  })

  test('stops at max_tokens of the native fields', () => {
    const long = body(
      `[[sim:text=${'word '.repeat(2000)}]]`,
      { modelId: 'claude-opus-4.7' },
      {},
      { additionalModelRequestFields: { max_tokens: 1024 } },
    )
    expect(textFor(long).length).toBe(4096)
  })
})

describe('tools are called', () => {
  test.each([
    ['when one is named', 'What does get_weather say?', ['get_weather']],
    ['when some are asked for in parallel', 'Call 3 tools in parallel', ['get_weather', 'read_file', 'get_weather']],
    ['when asked for in words', 'please use two tools', ['get_weather', 'read_file']],
    ['when asked for in Chinese', '请调用两个工具', ['get_weather', 'read_file']],
    ['by directive', '[[sim:tools=5]]', ['get_weather', 'read_file', 'get_weather', 'read_file', 'get_weather']],
    ['by name', '[[sim:tool=read_file]]', ['read_file']],
    ['one by one', '[[sim:call=read_file {"path":"a"}]] [[sim:call=get_weather]]', ['read_file', 'get_weather']],
    ['not without being asked', 'Tell me about the weather', []],
    ['not for a part of a word', 'forget_weather_now', []],
    [
      'not for what a system prompt says far above',
      `You may call tools such as get_weather. ${'x'.repeat(2000)} Hello`,
      [],
    ],
    [
      'not for the last words of a long system prompt',
      `${'x'.repeat(2000)} Call the get_weather tool when it helps.\n\nHello`,
      [],
    ],
  ])('%s', (_name, prompt, expected) => expect(callsFor(body(prompt, context))).toEqual([...expected]))

  test('with the input told for each', () => {
    const told = '[[sim:call=read_file {"path":"a","lines":[1]}]] [[sim:call=read_file {"path":"b"}]]'
    const inputs = stepsFor(body(told, context)).flatMap((step) => (step.type === 'tool' ? [step.input] : []))
    expect(inputs).toEqual([{ path: 'a', lines: [1] }, { path: 'b' }])
  })

  test('never when none are declared', () => expect(callsFor(body('[[sim:tools=2]] use tools'))).toEqual([]))

  test('and their results are quoted, with their markers', () => {
    const uses = [{ toolUseId: 'tooluse_1', name: 'get_weather', input: { city: 'Paris' } }]
    const back = body(
      '',
      {
        userInputMessageContext: {
          ...context.userInputMessageContext,
          toolResults: [result('tooluse_1', 'Sunny [[marker:m]]')],
        },
      },
      {
        history: [user('use get_weather'), assistant('', { toolUses: uses })],
      },
    )
    expect(callsFor(back)).toEqual([])
    expect(textFor(back)).toContain('Sunny')
    expect(textFor(back)).toEndWith('[[marker:m]]')
  })

  test('again for as many rounds as told', () => {
    const uses = [{ toolUseId: 'tooluse_1', name: 'get_weather', input: {} }]
    const round = (rounds: number) =>
      body(
        '',
        { userInputMessageContext: { ...context.userInputMessageContext, toolResults: [result('tooluse_1')] } },
        {
          history: [user(`[[sim:rounds=${rounds}]]`), assistant('', { toolUses: uses })],
        },
      )
    expect(callsFor(round(2))).toEqual(['get_weather'])
    expect(callsFor(round(1))).toEqual([])
  })
})

describe('thinking', () => {
  const types = (value: Json) => stepsFor(value).map((step) => step.type)
  const native = (thinking: Json): Json =>
    body('hi', { modelId: 'claude-opus-4.7' }, {}, { additionalModelRequestFields: { thinking } })
  test('in native fields gives reasoning and a signature', () => {
    expect(types(native({ type: 'adaptive' }))).toEqual(['reasoning', 'signature', 'text'])
    expect(types(native({ type: 'adaptive', display: 'omitted' }))).toEqual(['signature', 'text'])
    expect(types(native({ type: 'disabled' }))).toEqual(['text'])
  })
  test('by tags gives tagged text', () => {
    const tagged = body('<thinking_mode>enabled</thinking_mode><max_thinking_length>16000</max_thinking_length>hi')
    expect(textFor(tagged)).toMatch(/^<thinking>[^<]+.*<\/thinking>\n\nThis answer is simulated/s)
  })
  test('of open-weight and GPT models has their forms', () => {
    expect(types(body('hi', { modelId: 'minimax-m2.5' }))).toEqual(['text', 'reasoning', 'text', 'text'])
    const gpt = body(
      'hi',
      { modelId: 'gpt-5.6-luna' },
      {},
      { additionalModelRequestFields: { reasoning: { effort: 'high' } } },
    )
    expect(types(gpt)).toEqual(['text', 'redacted'])
  })
})

test('a request for tools is told from talk about them', () => {
  expect(asksForTools('call five functions', ['a', 'b'])).toEqual({ names: ['a', 'b'], count: 5 })
  expect(asksForTools('Use the tool', ['a', 'b'])).toEqual({ names: ['a'], count: 1 })
  expect(asksForTools('What tools do you have?', ['a'])).toBeUndefined()
  expect(asksForTools('(Tools: Read, Edit) Write a poem', ['Read', 'Edit', 'Write'])).toBeUndefined()
  expect(asksForTools('use the Read tool', ['Read', 'Edit'])).toEqual({ names: ['Read'], count: 1 })
  expect(asksForTools('<system-reminder>use Bash</system-reminder>hello', ['Bash'])).toBeUndefined()
})

test('sample inputs fit their schemas', () => {
  const schema = {
    type: 'object',
    $defs: { kind: { enum: ['x', 'y'] } },
    properties: {
      command: { type: 'string' },
      kind: { $ref: '#/$defs/kind' },
      list: { type: 'array', items: { type: 'number', maximum: 0.5 }, minItems: 2 },
      choice: { anyOf: [{ type: 'boolean' }, { type: 'null' }] },
      code: { type: 'string', minLength: 12 },
      loop: { $ref: '#' },
      unasked: { type: 'string' },
    },
    required: ['command', 'kind', 'list', 'choice', 'code'],
  }
  expect(sampleOf(schema)).toEqual({
    command: 'echo simulated',
    kind: 'x',
    list: [0.5, 0.5],
    choice: true,
    code: 'simulated...',
  })
  expect(sampleOf({ $ref: '#' })).toBeNull()
})

test('the models have no id twice and Haiku no thinking fields', () => {
  expect(new Set(allModels.map((model) => model.id)).size).toBe(allModels.length)
  expect(allModels.find((model) => model.id === 'claude-haiku-4.5')?.fields).toBeUndefined()
})
