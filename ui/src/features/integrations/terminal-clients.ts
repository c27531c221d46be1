import { type Client, homeFile, keyVariable, setAndRun } from './client.ts'
import { json, lines, toml } from './spelling.ts'

/** What a session of ordinary length needs of a window; names that a client does not know get too little otherwise. */
const contextTokens = 200_000
const outputTokens = 64_000

/** Claude Code knows the windows of the names with dashes. */
export const dashed = (model: string): string => (model.startsWith('claude') ? model.replaceAll('.', '-') : model)

export const claudeCode: Client = {
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

export const codex: Client = {
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

export const opencode: Client = {
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

export const droid: Client = {
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
