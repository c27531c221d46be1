import type { en } from './en.ts'

export const zhCn = {
  'health.lead': '服务器的运行状态。',
  'health.server': '服务器',
  'health.ok': '有响应',
  'health.bad': '无响应',
  'health.version': '版本',
  'health.accounts': '在用账号',
  'health.keys': '密钥',
  'health.about': '关于 {app}',
  'health.notAffiliated': '{app} 与 Amazon、Anthropic、OpenAI 均无关联。',
  'health.terms': '此处添加的每个账号均受 AWS 条款约束：请只使用你有权使用的账号，并遵守其套餐的限制。',
} as const satisfies Readonly<Record<keyof typeof en, string>>
