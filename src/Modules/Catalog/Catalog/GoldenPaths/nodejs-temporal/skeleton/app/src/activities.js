import { ApplicationFailure } from '@temporalio/activity';

export const MAX_NAME = 100;

// What talks to the world belongs here. An attempt may run again after it has worked, so its effects must bear to be repeated.
// Whatever is thrown is tried again as the workflow's retry policy says, but for what no later attempt can mend.
export async function composeGreeting(name) {
  if (typeof name !== 'string' || name.length > MAX_NAME) {
    throw ApplicationFailure.nonRetryable(`The name is no text of at most ${MAX_NAME} characters.`, 'InvalidName');
  }
  return `Hello, ${name}!`;
}
