import type { en } from './en.ts'

export const zhCn = {
  'scope.any': '不限',
  'scope.user': '用户',
  'scope.key': '密钥',
  'scope.account': '账号',
  'scope.model': '实际模型',
  'scope.chip.user': '用户：{name}',
  'scope.chip.key': '密钥：{name}',
  'scope.chip.account': '账号：{name}',
  'scope.remove': '移除筛选：{name}',
} as const satisfies Record<keyof typeof en, string>
