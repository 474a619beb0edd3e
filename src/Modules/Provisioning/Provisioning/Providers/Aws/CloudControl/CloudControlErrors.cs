using System.Collections.Frozen;

namespace Flagstone.Provisioning.Providers.Aws.CloudControl;

/// <summary>What follows from an error.</summary>
internal enum ErrorClass
{
    /// <summary>The same call fails again until someone mends something.</summary>
    Terminal,

    /// <summary>Nothing was done; the same call may succeed later.</summary>
    Retriable,

    /// <summary>It may have been done: the same token, or Observe, tells.</summary>
    Uncertain,

    NotFound,

    AlreadyExists,

    /// <summary>The property cannot be changed in place.</summary>
    NotUpdatable,

    /// <summary>The token belongs to a request with other values.</summary>
    TokenTaken,

    /// <summary>The service knows of no such request: it forgets them after seven days.</summary>
    RequestForgotten,
}

/// <summary>
/// What each error of Cloud Control means: the exceptions that a call answers with at once, and the codes that a request ends with. The
/// classes are those of "Resource type handler contract errors" where it names them, and cautious where it does not.
/// </summary>
internal static class CloudControlErrors
{
    private static readonly FrozenDictionary<string, ErrorClass> Exceptions = new Dictionary<string, ErrorClass>
    {
        ["AlreadyExistsException"] = ErrorClass.AlreadyExists,
        ["ClientTokenConflictException"] = ErrorClass.TokenTaken,
        ["ConcurrentModificationException"] = ErrorClass.Retriable,
        ["ConcurrentOperationException"] = ErrorClass.Retriable,
        ["GeneralServiceException"] = ErrorClass.Terminal,
        ["HandlerFailureException"] = ErrorClass.Uncertain,
        ["HandlerInternalFailureException"] = ErrorClass.Uncertain,
        ["InvalidCredentialsException"] = ErrorClass.Terminal,
        ["InvalidRequestException"] = ErrorClass.Terminal,
        ["NetworkFailureException"] = ErrorClass.Uncertain,
        ["NotStabilizedException"] = ErrorClass.Uncertain,
        ["NotUpdatableException"] = ErrorClass.NotUpdatable,
        ["PrivateTypeException"] = ErrorClass.Terminal,
        ["RequestTokenNotFoundException"] = ErrorClass.RequestForgotten,
        ["ResourceConflictException"] = ErrorClass.Retriable,
        ["ResourceNotFoundException"] = ErrorClass.NotFound,
        ["ServiceInternalErrorException"] = ErrorClass.Uncertain,
        ["ServiceLimitExceededException"] = ErrorClass.Terminal,
        ["ThrottlingException"] = ErrorClass.Retriable,
        ["TypeNotFoundException"] = ErrorClass.Terminal,
        ["UnsupportedActionException"] = ErrorClass.Terminal,

        // Of AWS as a whole, before the call reaches the service.
        ["AccessDeniedException"] = ErrorClass.Terminal,
        ["ExpiredTokenException"] = ErrorClass.Retriable,
        ["IncompleteSignature"] = ErrorClass.Terminal,
        ["InvalidSignatureException"] = ErrorClass.Terminal,
        ["MissingAuthenticationTokenException"] = ErrorClass.Terminal,
        ["RequestExpired"] = ErrorClass.Retriable,
        ["UnrecognizedClientException"] = ErrorClass.Terminal,
        ["ValidationException"] = ErrorClass.Terminal,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private static readonly FrozenDictionary<string, ErrorClass> Codes = new Dictionary<string, ErrorClass>
    {
        ["AccessDenied"] = ErrorClass.Terminal,
        ["AlreadyExists"] = ErrorClass.AlreadyExists,
        ["GeneralServiceException"] = ErrorClass.Terminal,
        ["InternalFailure"] = ErrorClass.Terminal,
        ["InvalidCredentials"] = ErrorClass.Terminal,
        ["InvalidRequest"] = ErrorClass.Terminal,
        ["NetworkFailure"] = ErrorClass.Retriable,
        ["NotFound"] = ErrorClass.NotFound,
        ["NotStabilized"] = ErrorClass.Terminal,
        ["NotUpdatable"] = ErrorClass.NotUpdatable,
        ["ResourceConflict"] = ErrorClass.Retriable,
        ["ServiceInternalError"] = ErrorClass.Retriable,
        ["ServiceLimitExceeded"] = ErrorClass.Terminal,
        ["ServiceTimeout"] = ErrorClass.Retriable,
        ["Throttling"] = ErrorClass.Retriable,

        // CloudFormation has these too.
        ["HandlerInternalFailure"] = ErrorClass.Terminal,
        ["InvalidTypeConfiguration"] = ErrorClass.Terminal,
        ["NonCompliant"] = ErrorClass.Terminal,
        ["UnsupportedTarget"] = ErrorClass.Terminal,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>The documented exceptions, for tests.</summary>
    public static IEnumerable<string> KnownExceptions => Exceptions.Keys;

    /// <summary>The documented codes, for tests.</summary>
    public static IEnumerable<string> KnownCodes => Codes.Keys;

    /// <summary>Of an exception; one that is not known may have had an effect, unless the status says that the request was at fault.</summary>
    public static ErrorClass OfException(CloudControlException exception) =>
        Exceptions.TryGetValue(exception.Code, out var known) ? known : exception.Status == 429 ? ErrorClass.Retriable : ErrorClass.Uncertain;

    /// <summary>Of a request that failed; one that is not known is tried again, and said.</summary>
    public static ErrorClass OfCode(string code) => Codes.GetValueOrDefault(code, ErrorClass.Retriable);
}
