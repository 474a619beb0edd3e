using Microsoft.Extensions.Logging;

namespace Flagstone.Catalog.Repositories.Http;

internal sealed partial class GitHttpBackend
{
    // Mostly a push that Git refused, which its owner is told.
    [LoggerMessage(Level = LogLevel.Information, Message = "Git {Service} of {Repository} ended with {ExitCode}: {Errors}")]
    private partial void LogFailed(string repository, string service, int exitCode, string errors);

    [LoggerMessage(Level = LogLevel.Information, Message = "Git {Service} of {Repository} was stopped: {Reason}")]
    private partial void LogStopped(string repository, string service, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "The push to {Repository} could not be told of; its source finds it at the next poll")]
    private partial void LogNotTold(Exception exception, string repository);
}
