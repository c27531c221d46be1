import type { en } from './en.ts'

export const zhCn = {
  'handOver.title': '你的 API 密钥',
  'handOver.ready': '已为你准备好 {product} 的密钥。',
  'handOver.readyNamed': '{user}，已为你准备好 {product} 的密钥。',
  'handOver.once': '密钥只能显示一次，仅限第一个打开链接的人。请先准备好安全的保存位置，例如密码管理器。',
  'handOver.until': '链接在 {time} 前有效。',
  'handOver.reveal': '显示密钥',
  'handOver.revealFailed': '无法显示密钥。',
  'handOver.key': '你的密钥',
  'handOver.saveNow': '请立即复制密钥。之后无法再次显示，发送链接的人也看不到。',
  'handOver.addresses': '客户端接口地址',
  'handOver.openai': 'OpenAI 客户端',
  'handOver.anthropic': 'Anthropic 客户端',
  'handOver.missing': '此地址中没有链接内容。请按收到的原样打开，包括 # 之后的全部内容。',
  'handOver.leave': '密钥保存后即可关闭此页。',
} as const satisfies Readonly<Record<keyof typeof en, string>>
