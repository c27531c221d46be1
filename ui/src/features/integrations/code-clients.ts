import type { Client, Snippet, System } from './client.ts'
import { json, lines, powershell, shell } from './spelling.ts'

export const openaiSdk: Client = {
  id: 'openai-sdk',
  name: 'OpenAI SDK',
  kind: 'code',
  bySystem: false,
  snippets: ({ origin, key, model }) => [
    {
      title: 'integrations.python',
      language: 'python',
      text: lines(
        'from openai import OpenAI',
        '',
        `client = OpenAI(base_url=${json(`${origin}/v1`)}, api_key=${json(key)})`,
        'stream = client.chat.completions.create(',
        `    model=${json(model)},`,
        '    messages=[{"role": "user", "content": "Hello"}],',
        '    stream=True,',
        ')',
        'for chunk in stream:',
        '    if chunk.choices and chunk.choices[0].delta.content:',
        '        print(chunk.choices[0].delta.content, end="", flush=True)',
      ),
    },
    {
      title: 'integrations.typescript',
      language: 'typescript',
      text: lines(
        "import OpenAI from 'openai'",
        '',
        `const client = new OpenAI({ baseURL: ${json(`${origin}/v1`)}, apiKey: ${json(key)} })`,
        'const stream = await client.responses.create({',
        `  model: ${json(model)},`,
        "  input: 'Hello',",
        '  stream: true,',
        '})',
        'for await (const event of stream) {',
        "  if (event.type === 'response.output_text.delta') process.stdout.write(event.delta)",
        '}',
      ),
    },
  ],
  notes: ['integrations.openaiBoth'],
}

export const anthropicSdk: Client = {
  id: 'anthropic-sdk',
  name: 'Anthropic SDK',
  kind: 'code',
  bySystem: false,
  snippets: ({ origin, key, model }) => [
    {
      title: 'integrations.python',
      language: 'python',
      text: lines(
        'from anthropic import Anthropic',
        '',
        `client = Anthropic(base_url=${json(origin)}, api_key=${json(key)})`,
        'with client.messages.stream(',
        `    model=${json(model)},`,
        '    max_tokens=1024,',
        '    messages=[{"role": "user", "content": "Hello"}],',
        ') as stream:',
        '    for text in stream.text_stream:',
        '        print(text, end="", flush=True)',
      ),
    },
    {
      title: 'integrations.typescript',
      language: 'typescript',
      text: lines(
        "import Anthropic from '@anthropic-ai/sdk'",
        '',
        `const client = new Anthropic({ baseURL: ${json(origin)}, apiKey: ${json(key)} })`,
        'const stream = client.messages.stream({',
        `  model: ${json(model)},`,
        '  max_tokens: 1024,',
        "  messages: [{ role: 'user', content: 'Hello' }],",
        '})',
        "stream.on('text', (text) => process.stdout.write(text))",
        'await stream.finalMessage()',
      ),
    },
  ],
  notes: ['integrations.anthropicNoV1'],
}

export const curl: Client = {
  id: 'curl',
  name: 'curl',
  kind: 'terminal',
  bySystem: true,
  snippets: ({ origin, key, model }, system) => [
    { title: 'integrations.curlModels', ...listModels(origin, key, system) },
    { title: 'integrations.curlChat', ...askOnce(origin, key, model, system) },
  ],
  notes: ['integrations.curlHeaders'],
}

function listModels(origin: string, key: string, system: System): Pick<Snippet, 'language' | 'text'> {
  const url = `${origin}/v1/models`
  if (system === 'unix')
    return { language: 'bash', text: `curl -sS ${shell(url)} -H ${shell(`authorization: Bearer ${key}`)}` }
  if (system === 'cmd') return { language: 'cmd', text: `curl -sS ${url} -H "authorization: Bearer ${key}"` }
  return {
    language: 'powershell',
    text: `Invoke-RestMethod ${powershell(url)} -Headers @{ Authorization = ${powershell(`Bearer ${key}`)} }`,
  }
}

function askOnce(origin: string, key: string, model: string, system: System): Pick<Snippet, 'language' | 'text'> {
  const url = `${origin}/v1/chat/completions`
  const body = JSON.stringify({ model, messages: [{ role: 'user', content: 'Hello' }] })
  switch (system) {
    case 'unix':
      return {
        language: 'bash',
        text: [
          `curl -sS ${shell(url)}`,
          `-H ${shell(`authorization: Bearer ${key}`)}`,
          `-H ${shell('content-type: application/json')}`,
          `-d ${shell(body)}`,
        ].join(' \\\n  '),
      }
    case 'cmd':
      return {
        language: 'cmd',
        text: `curl -sS ${url} -H "authorization: Bearer ${key}" -H "content-type: application/json" -d "${body.replaceAll('"', '\\"')}"`,
      }
    case 'powershell':
      return {
        language: 'powershell',
        text: lines(
          `$body = ${powershell(body)}`,
          `Invoke-RestMethod ${powershell(url)} -Method Post -ContentType 'application/json' -Headers @{ Authorization = ${powershell(`Bearer ${key}`)} } -Body $body`,
        ),
      }
  }
}
