export const en = {
  'health.lead': 'What is running here.',
  'health.server': 'Server',
  'health.ok': 'Answers',
  'health.bad': 'Does not answer',
  'health.version': 'Version',
  'health.accounts': 'Accounts in service',
  'health.keys': 'Keys',
  'health.about': 'About {app}',
  'health.notAffiliated': '{app} is not affiliated with Amazon, Anthropic or OpenAI.',
  'health.terms':
    'The AWS terms apply to every account added here: use only accounts that you are entitled to use, within what their plan allows.',
} as const
