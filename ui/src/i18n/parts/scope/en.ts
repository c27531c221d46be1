export const en = {
  'scope.any': 'Any',
  'scope.user': 'User',
  'scope.key': 'Key',
  'scope.account': 'Account',
  'scope.model': 'Model used',
  'scope.chip.user': 'User: {name}',
  'scope.chip.key': 'Key: {name}',
  'scope.chip.account': 'Account: {name}',
  'scope.remove': 'Remove filter: {name}',
} as const
