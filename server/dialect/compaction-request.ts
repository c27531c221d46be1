import type { Message } from '../conversation/conversation.ts'

/** What a summary that a client brings back is given to the model with. */
export const summaryLead = 'Summary of the conversation so far:'

/** What the model is asked in place of the caller's next turn. */
export const compactionRequest: Message = {
  role: 'user',
  parts: [
    {
      type: 'text',
      text: [
        'Stop the work here and write a hand-over of this conversation for somebody who goes on with it without seeing it.',
        'Tell: what the user wants, in detail and with every wish that still holds; what was decided and why; what was done,',
        'with file names, commands and results; what is open, and the next steps. Keep names, paths, numbers and pieces of',
        'code that will be needed. Call no tools. Answer with the hand-over alone.',
      ].join(' '),
    },
  ],
}
