// What the benchmarks ask and how a whole answer ends, for each client API. `bare`: the baseline, which hands on frames.

const question = 'Tell me about event streams, in some detail please.'
const schema = { type: 'object', properties: { path: { type: 'string' } }, required: ['path'] }
const description = 'Reads a file.'
const model = 'claude-sonnet-4.5'

export const dialects = ['anthropic', 'openai-chat', 'openai-responses'] as const
export type BenchDialect = (typeof dialects)[number] | 'bare'

const requests: Readonly<Record<BenchDialect, object>> = {
  anthropic: {
    model,
    max_tokens: 32_000,
    stream: true,
    tools: [{ name: 'read_file', description, input_schema: schema }],
    messages: [{ role: 'user', content: question }],
  },
  'openai-chat': {
    model,
    max_tokens: 32_000,
    stream: true,
    tools: [{ type: 'function', function: { name: 'read_file', description, parameters: schema } }],
    messages: [{ role: 'user', content: question }],
  },
  'openai-responses': {
    model,
    max_output_tokens: 32_000,
    stream: true,
    store: false,
    tools: [{ type: 'function', name: 'read_file', description, parameters: schema }],
    input: question,
  },
  bare: { model, messages: [{ role: 'user', content: question }] },
}

const endings: Readonly<Record<BenchDialect, RegExp>> = {
  anthropic: /"type":"message_stop"/,
  'openai-chat': /data: \[DONE\]/,
  'openai-responses': /event: response\.completed/,
  bare: /"usage":0\.05/,
}

export const routes: Readonly<Record<BenchDialect, string>> = {
  anthropic: '/v1/messages',
  'openai-chat': '/v1/chat/completions',
  'openai-responses': '/v1/responses',
  bare: '/',
}

/** Finds the stamps in what arrives; the Responses API repeats a text at its end, where it is no delta. */
export const stampsOf = (dialect: string): RegExp =>
  dialect === 'openai-responses' ? /"delta":"~[0-9a-z]{5}/g : /~[0-9a-z]{5}/g

/** As an agent asks: with a tool and a bound. The paced provider takes its time over the answer. */
export const agentBody = (dialect: string): string => JSON.stringify(requests[dialect as BenchDialect])

/** Says to the paced provider that it is to answer without pauses. */
export const atOnce = 'At once, please.'

const plain: Readonly<Record<BenchDialect, object>> = {
  anthropic: { model, max_tokens: 4096, stream: true, messages: [{ role: 'user', content: `${question} ${atOnce}` }] },
  'openai-chat': {
    model,
    max_tokens: 4096,
    stream: true,
    messages: [{ role: 'user', content: `${question} ${atOnce}` }],
  },
  'openai-responses': { model, max_output_tokens: 4096, stream: true, store: false, input: `${question} ${atOnce}` },
  bare: { model, messages: [{ role: 'user', content: `${question} ${atOnce}` }] },
}

export const plainBody = (dialect: string): string => JSON.stringify(plain[dialect as BenchDialect])

/** Found in the last event of a whole stream. */
export const endingOf = (dialect: string): RegExp => endings[dialect as BenchDialect]
