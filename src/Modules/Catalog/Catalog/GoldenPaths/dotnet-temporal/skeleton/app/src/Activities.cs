using Temporalio.Activities;
using Temporalio.Exceptions;

namespace Service;

/// <summary>
/// What talks to the world. An attempt may run again after it has worked, so its effects must bear to be repeated. Whatever is thrown is tried
/// again as the workflow's retry policy says, but for what no later attempt can mend.
/// </summary>
public static class Activities
{
    public const int MaxName = 100;

    [Activity("composeGreeting")]
    public static string ComposeGreeting(string name) => name is { Length: <= MaxName }
        ? $"Hello, {name}!"
        : throw new ApplicationFailureException($"The name is no text of at most {MaxName} characters.", "InvalidName", nonRetryable: true);
}
