import type { en } from './en.ts'

export const zhCn = {
  'jobs.empty': '最近一天没有任务。导入和批量操作会显示在这里。',
  'jobs.progress': '已完成 {done}/{total}',
  'jobs.progressFailed': '已完成 {done}/{total}，失败 {failed}',
  'jobs.state.running': '进行中',
  'jobs.state.done': '已完成',
  'jobs.state.cancelled': '已取消',
  'jobs.state.failed': '已中断',
  'jobs.brokeOff': '任务意外中断，原因见服务器日志。',
  'jobs.showFailed': '查看失败项',
  'jobs.hideFailed': '收起失败项',
  'jobs.kind.import': '导入账号',
  'jobs.kind.batch': '批量修改账号',
  'jobs.kind.enable': '启用账号',
  'jobs.kind.disable': '停用账号',
  'jobs.kind.emails': '补全邮箱',
  'jobs.kind.check': '检查账号',
  'jobs.kind.remove': '移除账号',
  'jobs.kind.users': '更改用户',
  'jobs.kind.usersMade': '创建用户',
  'jobs.kind.restore': '恢复备份',
} as const satisfies Record<keyof typeof en, string>
