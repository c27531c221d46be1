import type { en } from './en.ts'

export const zhCn = {
  'palette.placeholder': '页面、账号、用户、密钥、模型、请求 ID 或操作',
  'palette.found': '{count} 条结果',
  'palette.account': '账号',
  'palette.user': '用户',
  'palette.key': '密钥',
  'palette.model': '模型',
  'palette.request': '打开请求 {id}',
  'shortcuts.here': '通用',
  'shortcuts.go': '前往',
  'shortcuts.then': '然后',
  'shortcuts.closes': '关闭或清除',
  'shortcuts.on': '启用单键快捷键',
  'shortcuts.off': '目前只有 Ctrl K 和 Esc 有效。',
} as const satisfies Record<keyof typeof en, string>
