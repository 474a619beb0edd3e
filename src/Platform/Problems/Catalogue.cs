using Flagstone.Platform.Resources;

namespace Flagstone.Platform.Problems;

/// <summary>Every problem that the kernel answers; each has its page in <c>docs/problems</c>. The texts are those of the API server where it has one.</summary>
public static class Catalogue
{
    public static Problem NotFound(ResourceKey key) =>
        new(404, "not-found", "NotFound", "There is no such resource", $"{key.Kind} \"{key.Name}\" not found") { Subject = Of(key) };

    public static Problem NoSuchKind(string what) =>
        new(404, "no-such-kind", "NotFound", "There is no such kind", $"the server could not find the requested resource: {what}");

    public static Problem AlreadyExists(ResourceKey key) =>
        new(409, "already-exists", "AlreadyExists", "The name is taken", $"{key.Kind} \"{key.Name}\" already exists") { Subject = Of(key) };

    public static Problem Conflict(ResourceKey key, string why) =>
        new(409, "conflict", "Conflict", "It has changed meanwhile",
            $"Operation cannot be fulfilled on {key.Kind} \"{key.Name}\": {why}") { Subject = Of(key) };

    public static Problem Stale(ResourceKey key) =>
        Conflict(key, "the object has been modified; please apply your changes to the latest version and try again");

    public static Problem Invalid(KindDefinition kind, string name, IReadOnlyList<ProblemCause> causes)
    {
        var list = causes.Count == 1
            ? $"{causes[0].Field}: {causes[0].Message}"
            : $"[{string.Join(", ", causes.Select(c => $"{c.Field}: {c.Message}"))}]";
        return new(422, "invalid", "Invalid", "The resource does not fit its schema", $"{kind.Kind}{(kind.Id.Group.Length > 0 ? "." + kind.Id.Group : "")} \"{name}\" is invalid: {list}")
        {
            Causes = causes,
            Subject = new ProblemSubject(kind.Id.Group, kind.Kind, name),
        };
    }

    public static Problem BadRequest(string detail) => new(400, "bad-request", "BadRequest", "The request cannot be read", detail);

    public static Problem Unauthorized() =>
        new(401, "unauthorized", "Unauthorized", "Sign in first", "Send a valid token as 'Authorization: Bearer TOKEN'. The first administrator's token is in the file admin.token of the data folder.");

    public static Problem OnlyForWorkflows() => Unauthorized() with
    {
        Detail = "This is a worker's token. It signs in for workflows alone, on Temporal's port; here send the token of a person or a program.",
    };

    public static Problem Forbidden(string who, string verb, ResourceKey key, string why) =>
        new(403, "forbidden", "Forbidden", "Not allowed",
            $"{key.Kind}{(key.Name.Length > 0 ? $" \"{key.Name}\"" : "")} is forbidden: User \"{who}\" cannot {verb} resource \"{key.Kind.Plural}\" in API group \"{key.Kind.Group}\""
            + (key.Namespace.Length > 0 ? $" in the namespace \"{key.Namespace}\"" : " at the cluster scope") + $": {why}") { Subject = Of(key) };

    public static Problem NotAdministrator(string who, string what) =>
        new(403, "forbidden", "Forbidden", "Not allowed", $"'{who}' may not {what}: that needs the administrator's role, bound to no namespace.");

    public static Problem PrincipalDiffers(string name, string has, string asked) =>
        new(409, "principal-differs", "Conflict", "The principal has other rights",
            $"Principal '{name}' is {has}, and the token was asked for {asked}. Issue it as {has}; or revoke the principal's tokens first, and the next one may give it other rights; or take another name.");

    public static Problem LastAdministrator(string id) =>
        new(409, "last-administrator", "Conflict", "It is the last administrator's token",
            $"Token '{id}' is the last good one of an administrator of everything; without it nobody could issue another. Issue one first, then revoke this.");

    public static Problem NoSuchToken(string id) => new(404, "not-found", "NotFound", "There is no such token", $"There is no token '{id}'. GET /api/v1/tokens lists them.");

    public static Problem Denied(ResourceKey key, IReadOnlyList<RuleDenial> denials) =>
        Denied(key, string.Join("; ", denials.Select(d => $"{d.Rule}: {d.Message}"))) with { Denials = denials };

    public static Problem Denied(ResourceKey key, string why) =>
        new(403, "denied-by-policy", "Forbidden", "A policy denies it", $"{key.Kind} \"{key.Name}\" is forbidden: {why}") { Subject = Of(key) };

    public static Problem TooLarge(long limit) =>
        new(413, "too-large", "RequestEntityTooLarge", "The body is too large", $"the request body is over the limit of {limit} bytes; split it, or keep large data elsewhere");

    public static Problem UnsupportedMedia(string type, string use) =>
        new(415, "unsupported-media-type", "UnsupportedMediaType", "The format is not taken here", $"the body of the request was in an unknown format - '{type}'; accepted media types include: {use}");

    public static Problem MethodNotAllowed(string what) =>
        new(405, "method-not-allowed", "MethodNotAllowed", "The resource does not take this method", $"the server does not allow this method on the requested resource: {what}");

    public static Problem NoSuchPath(string path) =>
        new(404, "not-found", "NotFound", "There is no such path", $"There is no path '{path}'. {Described}");

    /// <param name="allowed">The methods that the path takes.</param>
    public static Problem PathTakesOthers(string request, string allowed) =>
        new(405, "method-not-allowed", "MethodNotAllowed", "The path does not take this method", $"There is no '{request}'. The path takes {allowed}. {Described}");

    /// <param name="type">The content type that was sent; empty when there was none.</param>
    public static Problem NotJson(string request, string type) =>
        new(415, "unsupported-media-type", "UnsupportedMediaType", "The format is not taken here",
            $"The body of '{request}' came {(type.Length > 0 ? $"as '{type}'" : "without a Content-Type")}. Send JSON, with 'Content-Type: application/json'.");

    public static Problem UnreadableBody(string request, string why) =>
        BadRequest($"The body of '{request}' is not the JSON that it takes: {why} {Described}");

    public static Problem UnreadableParameter(string request, string name, string value) =>
        BadRequest($"The parameter '{name}' of '{request}' cannot be '{value}'. {Described}");

    public static Problem Expired(string detail) => new(410, "expired", "Expired", "The version is gone", detail);

    public static Problem TooMany(int seconds) =>
        new(429, "too-many-requests", "TooManyRequests", "Too many requests", $"too many requests, please try again in {seconds} s");

    public static Problem KeyReused(string key) =>
        new(422, "idempotency-key-reused", "Invalid", "The idempotency key stands for another request",
            $"Idempotency-Key '{key}' was sent with other values before. Use a new key for a new request.");

    public static Problem BadFields(IReadOnlyList<ProblemCause> causes) =>
        new(422, "invalid", "Invalid", "The resource does not fit its schema", string.Join(" ", causes.Select(c => $"{c.Field}: {c.Message}"))) { Causes = causes };

    public static Problem StoreUnavailable(string detail) =>
        new(503, "store-unavailable", "ServiceUnavailable", "The store did not take the change", detail);

    public static Problem DiskFull(string detail) =>
        new(507, "disk-full", "InternalError", "The disk is full", detail);

    public static Problem Internal() =>
        new(500, "internal", "InternalError", "Something is wrong on our side", "The server hit an error that it did not expect. Its log has the details under the request's trace id.");

    private const string Described = "What there is, is described at /openapi/v1.json and shown at /swagger.";

    private static ProblemSubject Of(ResourceKey key) => new(key.Kind.Group, key.Kind.Plural, key.Name);
}
