import type { Api } from './chat.ts'
import { publicPaths } from './request.ts'

export const codeLanguages = ['curl', 'python', 'typescript'] as const
export type CodeLanguage = (typeof codeLanguages)[number]

export const keyPlace = 'YOUR_API_KEY'

type Call = { readonly api: Api; readonly origin: string; readonly key: string; readonly body: object }

/** The request of a chat as a program somebody can run: plain HTTP, or the maker's own library. */
export function codeOf(language: CodeLanguage, call: Call): string {
  switch (language) {
    case 'curl':
      return curl(call)
    case 'python':
      return python(call)
    case 'typescript':
      return typescript(call)
  }
}

function curl({ api, origin, key, body }: Call): string {
  const headers = [
    'content-type: application/json',
    ...(api === 'messages' ? [`x-api-key: ${key}`, 'anthropic-version: 2023-06-01'] : [`authorization: Bearer ${key}`]),
  ]
  return [
    `curl -sS -N ${shell(origin + publicPaths[api])}`,
    ...headers.map((header) => `-H ${shell(header)}`),
    `-d ${shell(JSON.stringify(body, null, 2))}`,
  ].join(' \\\n  ')
}

function python({ api, origin, key, body }: Call): string {
  const args = (members: object): string =>
    Object.entries(members)
      .filter(([name]) => name !== 'stream')
      .map(([name, value]) => `    ${name}=${pythonValue(value, 1)},`)
      .join('\n')
  if (api === 'messages') {
    return `from anthropic import Anthropic

client = Anthropic(base_url=${text(origin)}, api_key=${text(key)})
with client.messages.stream(
${args(body)}
) as stream:
    for part in stream.text_stream:
        print(part, end="", flush=True)
print()
`
  }
  const [method, read] =
    api === 'chat'
      ? [
          'chat.completions',
          '    if event.choices and event.choices[0].delta.content:\n        print(event.choices[0].delta.content, end="", flush=True)',
        ]
      : [
          'responses',
          '    if event.type == "response.output_text.delta":\n        print(event.delta, end="", flush=True)',
        ]
  return `from openai import OpenAI

client = OpenAI(base_url=${text(`${origin}/v1`)}, api_key=${text(key)})
stream = client.${method}.create(
${args(body)}
    stream=True,
)
for event in stream:
${read}
print()
`
}

function typescript({ api, origin, key, body }: Call): string {
  const members = Object.entries(body)
    .filter(([name]) => name !== 'stream')
    .map(([name, value]) => `  ${name}: ${indented(JSON.stringify(value, null, 2))},`)
    .join('\n')
  if (api === 'messages') {
    return `import Anthropic from '@anthropic-ai/sdk'

const client = new Anthropic({ baseURL: ${text(origin)}, apiKey: ${text(key)} })
const stream = client.messages.stream({
${members}
})
stream.on('text', (text) => process.stdout.write(text))
await stream.finalMessage()
`
  }
  const [method, read] =
    api === 'chat'
      ? ['chat.completions', "process.stdout.write(event.choices[0]?.delta.content ?? '')"]
      : ['responses', "if (event.type === 'response.output_text.delta') process.stdout.write(event.delta)"]
  return `import OpenAI from 'openai'

const client = new OpenAI({ baseURL: ${text(`${origin}/v1`)}, apiKey: ${text(key)} })
const stream = await client.${method}.create({
${members}
  stream: true,
})
for await (const event of stream) {
  ${read}
}
`
}

const text = (value: string): string => JSON.stringify(value)
const indented = (lines: string): string => lines.replaceAll('\n', '\n  ')

/** One word of a POSIX shell. */
export const shell = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`

/** JSON as Python writes it. */
export function pythonValue(value: unknown, depth: number): string {
  const [outer, inner] = ['    '.repeat(depth), '    '.repeat(depth + 1)]
  if (value === null || value === undefined) return 'None'
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  if (Array.isArray(value)) {
    if (value.length === 0) return '[]'
    return `[\n${value.map((item) => `${inner}${pythonValue(item, depth + 1)},`).join('\n')}\n${outer}]`
  }
  if (typeof value === 'object') {
    const members = Object.entries(value).map(
      ([name, item]) => `${inner}${text(name)}: ${pythonValue(item, depth + 1)},`,
    )
    return members.length === 0 ? '{}' : `{\n${members.join('\n')}\n${outer}}`
  }
  return JSON.stringify(value)
}

/** A body that can be shown: the data of pictures is named instead. */
export function withoutPictures(body: object): object {
  return JSON.parse(
    JSON.stringify(body, (name, value: unknown) => {
      if (typeof value !== 'string' || value.length < 500) return value
      if (name === 'data') return 'BASE64_OF_THE_IMAGE'
      return name === 'url' || name === 'image_url'
        ? value.replace(/^(data:[\w/+.-]+;base64,)[\s\S]*/, '$1BASE64_OF_THE_IMAGE')
        : value
    }),
  ) as object
}
