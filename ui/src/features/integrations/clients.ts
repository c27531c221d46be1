import type { PlainKey } from '../../i18n/dictionary.ts'
import { json, lines, powershell, shell, toml, yaml } from './spelling.ts'

export const systems = ['unix', 'powershell', 'cmd'] as const
export type System = (typeof systems)[number]

/** What the settings of a client are made of. `origin` without `/v1`. */
export type Place = { readonly origin: string; readonly key: string; readonly model: string }

/** One thing to paste. `title` says where; a file's path stands in `file`. */
export type Snippet = {
  readonly title: PlainKey
  readonly file?: string
  readonly language: 'bash' | 'powershell' | 'cmd' | 'json' | 'toml' | 'yaml' | 'python' | 'typescript' | 'text'
  readonly text: string
}

export type Client = {
  readonly id: string
  readonly name: string
  readonly kind: 'terminal' | 'editor' | 'code'
  /** Whether what to paste differs by system. */
  readonly bySystem: boolean
  readonly snippets: (place: Place, system: System) => readonly Snippet[]
  readonly notes: readonly PlainKey[]
}

const keyVariable = 'GATEWAY_KEY'
/** What a session of ordinary length needs of a window; names that a client does not know get too little otherwise. */
const contextTokens = 200_000
const outputTokens = 64_000

/** Claude Code knows the windows of the names with dashes. */
export const dashed = (model: string): string => (model.startsWith('claude') ? model.replaceAll('.', '-') : model)

const setAndRun = (variables: Readonly<Record<string, string>>, command: string, system: System): Snippet => ({
  title: 'integrations.terminal',
  ...shellOf(variables, command, system),
})

function shellOf(
  variables: Readonly<Record<string, string>>,
  command: string,
  system: System,
): Pick<Snippet, 'language' | 'text'> {
  const all = Object.entries(variables)
  switch (system) {
    case 'unix':
      return { language: 'bash', text: lines(...all.map(([name, value]) => `export ${name}=${shell(value)}`), command) }
    case 'powershell':
      return {
        language: 'powershell',
        text: lines(...all.map(([name, value]) => `$env:${name} = ${powershell(value)}`), command),
      }
    case 'cmd':
      return { language: 'cmd', text: lines(...all.map(([name, value]) => `set "${name}=${value}"`), command) }
  }
}

const homeFile = (file: string, system: System): string => {
  if (system === 'unix') return `~/${file}`
  return `${system === 'cmd' ? '%USERPROFILE%' : '$HOME'}\\${file.replaceAll('/', '\\')}`
}

const claudeCode: Client = {
  id: 'claude-code',
  name: 'Claude Code',
  kind: 'terminal',
  bySystem: true,
  snippets: ({ origin, key, model }, system) => [
    setAndRun({ ANTHROPIC_BASE_URL: origin, ANTHROPIC_AUTH_TOKEN: key }, `claude --model ${dashed(model)}`, system),
    {
      title: 'integrations.orFile',
      file: homeFile('.claude/settings.json', system),
      language: 'json',
      text: json({
        env: { ANTHROPIC_BASE_URL: origin, ANTHROPIC_AUTH_TOKEN: key, ANTHROPIC_MODEL: dashed(model) },
      }),
    },
  ],
  notes: ['integrations.claudeNoKey', 'integrations.claudeStatus', 'integrations.claudeQuiet'],
}

const codex: Client = {
  id: 'codex',
  name: 'Codex',
  kind: 'terminal',
  bySystem: true,
  snippets: ({ origin, key, model }, system) => [
    {
      title: 'integrations.file',
      file: homeFile('.codex/config.toml', system),
      language: 'toml',
      text: lines(
        `model = ${toml(model)}`,
        'model_provider = "gateway"',
        `model_context_window = ${contextTokens}`,
        '',
        '[model_providers.gateway]',
        'name = "gateway"',
        `base_url = ${toml(`${origin}/v1`)}`,
        `env_key = ${toml(keyVariable)}`,
        'wire_api = "responses"',
      ),
    },
    setAndRun({ [keyVariable]: key }, 'codex', system),
  ],
  notes: ['integrations.codexMetadata', 'integrations.codexQuiet'],
}

const opencode: Client = {
  id: 'opencode',
  name: 'opencode',
  kind: 'terminal',
  bySystem: true,
  snippets: ({ origin, key, model }, system) => [
    {
      title: 'integrations.file',
      file: 'opencode.json',
      language: 'json',
      text: json({
        provider: {
          gateway: {
            npm: '@ai-sdk/anthropic',
            options: { baseURL: `${origin}/v1`, apiKey: `{env:${keyVariable}}` },
            models: {
              [model]: {
                attachment: true,
                limit: { context: contextTokens, output: outputTokens },
                modalities: { input: ['text', 'image'], output: ['text'] },
              },
            },
          },
        },
      }),
    },
    setAndRun({ [keyVariable]: key }, `opencode -m gateway/${model}`, system),
  ],
  notes: ['integrations.opencodeOthers'],
}

/** A form of the client's own: what goes into which field. */
const fields = (values: Readonly<Record<string, string>>): string =>
  lines(...Object.entries(values).map(([name, value]) => `${name}: ${value}`))

const cursor: Client = {
  id: 'cursor',
  name: 'Cursor',
  kind: 'editor',
  bySystem: false,
  snippets: ({ origin, key, model }) => [
    {
      title: 'integrations.cursorWhere',
      language: 'text',
      text: fields({
        'OpenAI API Key': key,
        'Override OpenAI Base URL': `${origin}/v1`,
        'Custom model': model,
      }),
    },
  ],
  notes: ['integrations.cursorServers', 'integrations.cursorNames'],
}

const cline: Client = {
  id: 'cline',
  name: 'Cline',
  kind: 'editor',
  bySystem: true,
  snippets: ({ origin, key, model }, system) => [
    {
      title: 'integrations.clineWhere',
      language: 'text',
      text: fields({
        'API Provider': 'OpenAI Compatible',
        'Base URL': `${origin}/v1`,
        'API Key': key,
        'Model ID': model,
      }),
    },
    setAndRun({}, `cline auth -p openai-compatible -b ${origin}/v1 -k ${key} -m ${model}`, system),
  ],
  notes: ['integrations.clineWindow'],
}

const continueDev: Client = {
  id: 'continue',
  name: 'Continue',
  kind: 'editor',
  bySystem: true,
  snippets: ({ origin, key, model }, system) => [
    {
      title: 'integrations.file',
      file: homeFile('.continue/config.yaml', system),
      language: 'yaml',
      text: lines(
        'name: gateway',
        'version: 1.0.0',
        'schema: v1',
        'models:',
        `  - name: ${yaml(model)}`,
        '    provider: anthropic',
        `    model: ${yaml(model)}`,
        `    apiBase: ${yaml(`${origin}/v1`)}`,
        `    apiKey: ${yaml(key)}`,
        '    roles: [chat, edit, apply]',
        '    capabilities: [tool_use, image_input]',
      ),
    },
  ],
  notes: ['integrations.continueApis'],
}

const droid: Client = {
  id: 'droid',
  name: 'Droid',
  kind: 'terminal',
  bySystem: true,
  snippets: ({ origin, key, model }, system) => [
    {
      title: 'integrations.file',
      file: homeFile('.factory/settings.json', system),
      language: 'json',
      text: json({
        customModels: [
          {
            displayName: 'claude-server',
            model,
            baseUrl: origin,
            apiKey: key,
            provider: 'anthropic',
            maxOutputTokens: 32_000,
          },
        ],
      }),
    },
  ],
  notes: ['integrations.droidModel'],
}

const openaiSdk: Client = {
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

const anthropicSdk: Client = {
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

const curl: Client = {
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

export const clients: readonly Client[] = [
  claudeCode,
  codex,
  opencode,
  cursor,
  cline,
  continueDev,
  droid,
  openaiSdk,
  anthropicSdk,
  curl,
]
