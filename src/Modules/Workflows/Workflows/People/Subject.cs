using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;
using Flagstone.Catalog.Contracts;
using Flagstone.Platform.Identity;

namespace Flagstone.Workflows.People;

/// <summary>
/// Who may decide: <c>user:ada@example.com</c>, the name of a token's principal; <c>team:payments</c> or <c>team:NAMESPACE/payments</c>, a Group of the catalog
/// and its members; <c>role:approver</c>, all whose token has the role. Pure.
/// </summary>
internal static partial class Subject
{
    /// <summary>What a subject looks like, for messages.</summary>
    public const string Forms = "'user:NAME', 'team:NAME' or 'role:ROLE'";

    public const string Team = "team:";
    private const string User = "user:";
    private const string Role = "role:";

    /// <summary>As long as a principal's name may be, with room for a namespace.</summary>
    private const int MaxLength = 200;

    private static readonly string[] Roles = [.. Enum.GetNames<Role>().Select(r => r.ToLowerInvariant())];

    public static string OfUser(string name) => User + name;

    public static string OfRole(Role role) => Role + role.ToString().ToLowerInvariant();

    /// <summary>The user's name; null of a team or a role.</summary>
    public static string? UserOf(string subject) => subject.StartsWith(User, StringComparison.Ordinal) ? subject[User.Length..] : null;

    /// <summary>Reads a subject in the one form in which subjects are compared; a team without a namespace is in <c>default</c>.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out string? subject)
    {
        subject = text is null || text.Length > MaxLength ? null
            : text.StartsWith(User, StringComparison.Ordinal) && PrincipalNames.IsValid(text[User.Length..]) ? text
            : text.StartsWith(Role, StringComparison.Ordinal) && Roles.Contains(text[Role.Length..]) ? text
            : text.StartsWith(Team, StringComparison.Ordinal) && TeamOf(text) is { } team ? $"{Team}{team}"
            : null;
        return subject is not null;
    }

    /// <summary>The catalog's name of a team; null of another subject, and of none.</summary>
    public static EntityName? TeamOf(string subject) =>
        subject.StartsWith(Team, StringComparison.Ordinal) && TeamName().IsMatch(subject[Team.Length..])
            && EntityName.TryParse(subject[Team.Length..], out var team) ? team : null;

    [GeneratedRegex(@"\A(?:[A-Za-z0-9][A-Za-z0-9-]{0,62}/)?[A-Za-z0-9][A-Za-z0-9._-]{0,62}\z", RegexOptions.NonBacktracking, Timeout.Infinite)]
    private static partial Regex TeamName();
}
