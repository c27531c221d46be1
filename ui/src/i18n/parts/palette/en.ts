export const en = {
  'palette.placeholder': 'Page, account, key, model, request ID or action',
  'palette.found': '{count} results',
  'palette.account': 'Account',
  'palette.key': 'Key',
  'palette.model': 'Model',
  'palette.request': 'Open request {id}',
  'shortcuts.here': 'Everywhere',
  'shortcuts.go': 'Go to',
  'shortcuts.then': 'then',
  'shortcuts.closes': 'Close or clear',
  'shortcuts.on': 'Single-key shortcuts',
  'shortcuts.off': 'Only Ctrl K and Esc work now.',
} as const
