import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parse as parseYaml } from 'yaml'
import { type Place, type Snippet, type System, systems } from '../../ui/src/features/integrations/client.ts'
import { clients } from '../../ui/src/features/integrations/clients.ts'
import { type Api, apis, defaultSettings } from '../../ui/src/features/playground/chat.ts'
import { type CodeLanguage, codeLanguages, codeOf } from '../../ui/src/features/playground/code.ts'
import { bodyOf } from '../../ui/src/features/playground/request.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { leftOut } from '../support/left-out.ts'

// What the console gives people to paste is pasted here: shells run it, libraries run it, and for tools that are not installed a
// program in their place reads the very settings and makes the calls those tools make (docs/clients.md, test/clients).
setDefaultTimeout(60_000)

const root = path.join(import.meta.dir, '../..')
const hasPython = Bun.which('python3') !== null
if (!hasPython) leftOut('Python')
let gateway: Gateway
let place: Place
let home = ''
beforeAll(async () => {
  gateway = await startGateway()
  place = { origin: gateway.url, key: gateway.key, model: 'claude-sonnet-4.5' }
})
afterAll(() => gateway.stop())
beforeEach(() => {
  home = mkdtempSync(path.join(tmpdir(), 'snippets-'))
  mkdirSync(path.join(home, 'bin'))
})
afterEach(() => rmSync(home, { recursive: true }))

const snippetsOf = (id: string, system: System = 'unix', from: Place = place): readonly Snippet[] => {
  const client = clients.find((one) => one.id === id)
  if (client === undefined) throw new Error(`there is no client ${id}`)
  return client.snippets(from, system)
}
const snippet = (id: string, language: Snippet['language'], from?: Place): Snippet => {
  const found = snippetsOf(id, 'unix', from).find((one) => one.language === language)
  if (found === undefined) throw new Error(`${id} has no ${language}`)
  return found
}

async function run(command: readonly string[], more: Readonly<Record<string, string>> = {}): Promise<string> {
  const child = Bun.spawn([...command], {
    cwd: home,
    env: { PATH: `${path.join(home, 'bin')}:${process.env.PATH}`, HOME: home, ...more },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [out, err, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ])
  if (code !== 0) throw new Error(`${command[0]} ended with ${code}: ${err}\n${out}`)
  return out
}

const bash = (text: string): Promise<string> => run(['bash', '-euo', 'pipefail', '-c', text])

/** Puts what a person would paste into its file. */
function save({ file = '', text }: Snippet): void {
  const target = path.join(home, file.replace('~/', ''))
  mkdirSync(path.dirname(target), { recursive: true })
  writeFileSync(target, text)
}

/** A program under the tool's name that prints its arguments and the variables it reads. */
function standIn(name: string): void {
  const file = path.join(home, 'bin', name)
  writeFileSync(
    file,
    `#!${process.execPath}\nconsole.log(JSON.stringify({ argv: process.argv.slice(2), env: process.env }))\n`,
  )
  chmodSync(file, 0o755)
}
const told = (out: string) => JSON.parse(out) as { argv: string[]; env: Record<string, string> }

/** The calls of a tool, by what it was told. */
async function call(url: string, headers: Record<string, string>, body: object): Promise<string> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ ...body, stream: true }),
  })
  const text = await response.text()
  expect([url, response.status, response.status === 200 ? '' : text]).toEqual([url, 200, ''])
  return text
}
const marker = '[[marker:snippet]]'
const asked = [{ role: 'user', content: `Hello ${marker}` }]
const messages = (base: string, headers: Record<string, string>, model: string) =>
  call(
    `${base}/messages`,
    { 'anthropic-version': '2023-06-01', ...headers },
    { model, max_tokens: 100, messages: asked },
  )
const greeting = 'This answer is simulated'

describe('what is pasted works against this very server (47)', () => {
  test('Claude Code: its variables, and its settings file', async () => {
    standIn('claude')
    const { argv, env } = told(await bash(snippet('claude-code', 'bash').text))
    expect(argv).toEqual(['--model', 'claude-sonnet-4-5'])
    expect(env.ANTHROPIC_API_KEY).toBeUndefined()
    const byVariables = { url: env.ANTHROPIC_BASE_URL, token: env.ANTHROPIC_AUTH_TOKEN, model: argv[1] }
    const file = JSON.parse(snippet('claude-code', 'json').text) as { env: Record<string, string> }
    const byFile = {
      url: file.env.ANTHROPIC_BASE_URL,
      token: file.env.ANTHROPIC_AUTH_TOKEN,
      model: file.env.ANTHROPIC_MODEL,
    }
    expect(byFile).toEqual(byVariables)
    const { url, token, model } = byFile
    const text = await call(
      `${url}/v1/messages?beta=true`,
      { authorization: `Bearer ${token}`, 'anthropic-version': '2023-06-01', 'anthropic-beta': 'claude-code-20250219' },
      { model, max_tokens: 32_000, messages: asked },
    )
    expect(text).toContain('event: message_stop')
    const counted = await fetch(`${url}/v1/messages/count_tokens?beta=true`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model, messages: asked }),
    })
    expect(await counted.json()).toMatchObject({ input_tokens: expect.any(Number) })
  })

  test('Codex: its configuration and the variable it names', async () => {
    standIn('codex')
    save(snippet('codex', 'toml'))
    const config = Bun.TOML.parse(readFileSync(path.join(home, '.codex/config.toml'), 'utf8')) as {
      model: string
      model_provider: string
      model_providers: Record<string, { name: string; base_url: string; env_key: string; wire_api: string }>
    }
    const provider = config.model_providers[config.model_provider]
    const { env } = told(await bash(snippet('codex', 'bash').text))
    expect(provider).toMatchObject({ name: 'gateway', wire_api: 'responses' })
    const text = await call(
      `${provider?.base_url}/responses`,
      { authorization: `Bearer ${env[provider?.env_key ?? '']}`, originator: 'codex_cli_rs' },
      {
        model: config.model,
        instructions: 'You are a coding agent.',
        input: [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: `Hello ${marker}` }] }],
        tools: [{ type: 'function', name: 'exec_command', parameters: { type: 'object' }, strict: false }],
        store: false,
        include: ['reasoning.encrypted_content'],
      },
    )
    expect(text).toContain('response.completed')
  })

  test('opencode', async () => {
    standIn('opencode')
    save(snippet('opencode', 'json'))
    const { provider } = JSON.parse(readFileSync(path.join(home, 'opencode.json'), 'utf8'))
    const { options, models, npm } = provider.gateway
    const { argv, env } = told(await bash(snippet('opencode', 'bash').text))
    const [id] = Object.keys(models)
    expect([argv, npm]).toEqual([['-m', `gateway/${id}`], '@ai-sdk/anthropic'])
    const key = env[/^\{env:(\w+)\}$/.exec(options.apiKey)?.[1] ?? ''] ?? ''
    expect(await messages(options.baseURL, { 'x-api-key': key }, id ?? '')).toContain('message_stop')
  })

  test('Cline, Roo Code, Cursor: the fields and the command', async () => {
    standIn('cline')
    const { argv } = told(await bash(snippet('cline', 'bash').text))
    const option = (name: string): string => argv[argv.indexOf(name) + 1] ?? ''
    expect(argv.slice(0, 3)).toEqual(['auth', '-p', 'openai-compatible'])
    const fieldsOf = (id: string) =>
      Object.fromEntries(
        snippet(id, 'text')
          .text.split('\n')
          .map((line) => [line.slice(0, line.indexOf(': ')), line.slice(line.indexOf(': ') + 2)]),
      )
    const [cline, cursor] = [fieldsOf('cline'), fieldsOf('cursor')]
    for (const { base, key, model } of [
      { base: option('-b'), key: option('-k'), model: option('-m') },
      { base: cline['Base URL'], key: cline['API Key'], model: cline['Model ID'] },
      { base: cursor['Override OpenAI Base URL'], key: cursor['OpenAI API Key'], model: cursor['Custom model'] },
    ]) {
      const text = await call(
        `${base}/chat/completions`,
        { authorization: `Bearer ${key}` },
        { model, messages: asked },
      )
      expect(text).toContain('[DONE]')
    }
  })

  test('Continue', async () => {
    save(snippet('continue', 'yaml'))
    const { models } = parseYaml(readFileSync(path.join(home, '.continue/config.yaml'), 'utf8'))
    const [{ apiBase, apiKey, model, provider }] = models
    expect(provider).toBe('anthropic')
    expect(await messages(apiBase, { 'x-api-key': apiKey }, model)).toContain('message_stop')
  })

  test('Droid', async () => {
    save(snippet('droid', 'json'))
    const { customModels } = JSON.parse(readFileSync(path.join(home, '.factory/settings.json'), 'utf8'))
    const [{ baseUrl, apiKey, model, provider, maxOutputTokens }] = customModels
    expect([provider, maxOutputTokens]).toEqual(['anthropic', 32_000])
    expect(await messages(`${baseUrl}/v1`, { 'x-api-key': apiKey }, model)).toContain('message_stop')
  })

  test('curl', async () => {
    const [models, chat] = snippetsOf('curl')
    const list = JSON.parse(await bash(models?.text ?? '')) as { data: { id: string }[] }
    expect(list.data.map(({ id }) => id)).toContain('claude-sonnet-4.5')
    const answer = JSON.parse(await bash(chat?.text ?? '')) as { choices: { message: { content: string } }[] }
    expect(answer.choices[0]?.message.content).toContain(greeting)
  })

  test.each(['openai-sdk', 'anthropic-sdk'])('%s with TypeScript', async (id) => {
    expect(await typescript(snippet(id, 'typescript').text)).toContain(greeting)
  })
  test.if(hasPython).each(['openai-sdk', 'anthropic-sdk'])('%s with Python', async (id) => {
    expect(await python(snippet(id, 'python').text)).toContain(greeting)
  })
})

describe('the chat of the playground as code works too (47)', () => {
  const question = {
    text: 'Say "it\'s" — 你好 🙂 $HOME `x` \\ [[marker:code]]',
    pictures: [],
    results: [],
  }
  const settings = {
    system: 'Be brief, don\'t\n"shout".',
    tools:
      '[{"name":"look","description":"Looks","input_schema":{"type":"object","properties":{"deep":{"type":"boolean","default":true,"x":null}}}}]',
    thinking: true,
    budget: 1024,
  }
  const spoken = codeLanguages.filter((language) => language !== 'python' || hasPython)
  const cases = apis.flatMap((api) => spoken.map((language) => [api, language] as const))
  test.each(cases)('%s in %s', async (api: Api, language: CodeLanguage) => {
    const body = bodyOf({ ...defaultSettings, ...settings, api }, place.model, [{ question }])
    const code = codeOf(language, { api, origin: place.origin, key: place.key, body })
    const out =
      language === 'curl' ? await bash(code) : language === 'python' ? await python(code) : await typescript(code)
    // curl shows the stream as it comes, in pieces.
    const pieces = [...out.matchAll(/"(?:text|content|delta)":"((?:[^"\\]|\\.)*)"/g)].map(([, piece]) => piece)
    const words = language === 'curl' ? pieces.join('') : out
    expect(words).toContain('[[marker:code]]')
    expect(words).toContain('你好')
  })
})

test('in the other shells the same values stand, and nothing that such a shell would take apart', () => {
  const strange = { ...place, key: 'sk-abc.DEF_123~+/=' }
  for (const client of clients) {
    for (const system of systems.filter((one) => one !== 'unix')) {
      const unix = client.snippets(strange, 'unix')
      const other = client.snippets(strange, system)
      expect(other.length).toBe(unix.length)
      for (const { text, language, file } of other) {
        if (language === 'bash') throw new Error(`${client.id} has bash for ${system}`)
        if (file?.startsWith('~/')) throw new Error(`${client.id} has ${file} for ${system}`)
        if (language === 'cmd') expect(text).not.toContain("'")
        if (language === 'powershell') expect(text).not.toMatch(/export |\$GATEWAY/)
      }
      const values = (all: readonly Snippet[]) =>
        all.map(({ text }) => [text.includes(strange.key), text.includes(strange.origin)])
      expect(values(other)).toEqual(values(unix))
    }
  }
})

async function typescript(code: string): Promise<string> {
  // Beside our node_modules, where its imports are found.
  const folder = mkdtempSync(path.join(root, 'node_modules/.snippet-'))
  try {
    writeFileSync(path.join(folder, 'code.ts'), code)
    return await run([process.execPath, path.join(folder, 'code.ts')])
  } finally {
    rmSync(folder, { recursive: true })
  }
}

async function python(code: string): Promise<string> {
  writeFileSync(path.join(home, 'code.py'), code)
  return run(['python3', path.join(home, 'code.py')], {
    PYTHONPATH: path.join(root, 'test/support/python'),
    PYTHONUTF8: '1',
  })
}
