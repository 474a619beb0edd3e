using System.Globalization;
using System.Text.Json.Nodes;
using Flagstone.Platform.Problems;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Compositions;

namespace Flagstone.Provisioning.Providers.Sql;

/// <summary>
/// Where a role stands in the rotation of its password, as its connection secret says: it is written before and after each step at the server,
/// so that a step that was cut off is found and done again. Pure.
/// </summary>
/// <param name="Active">The login that the secret hands out; empty before the first. The role itself where it did not rotate before.</param>
/// <param name="Former">The login that was handed out before, and still works; empty for none.</param>
/// <param name="Next">The password with which the next login begins; empty while none is prepared.</param>
/// <param name="Since">When the active login was published; null where it never rotated.</param>
internal sealed record Rotation(string Active, string Password, string Former, string FormerPassword, string Next, DateTimeOffset? Since)
{
    /// <summary>A login that became active before this time is replaced once it has come.</summary>
    public const string RotateAtAnnotation = "flagstone.dev/rotate-at";

    /// <summary>What holds the former password must have had time to take the new one up.</summary>
    public static readonly TimeSpan Shortest = TimeSpan.FromHours(1);

    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";

    public bool IsBegun => Active.Length > 0 && Password.Length > 0;

    public static bool IsWanted(JsonObject forProvider) => forProvider["rotation"] is JsonObject;

    public static Rotation Read(IReadOnlyDictionary<string, string> secret)
    {
        string Value(string key) => secret.GetValueOrDefault(key, "");
        return new(
            Value("username"), Value("password"), Value("formerUsername"), Value("formerPassword"), Value("nextPassword"),
            DateTimeOffset.TryParse(Value("rotatedAt"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var since) ? since : null);
    }

    /// <summary>When the next login takes over; the past when it should have.</summary>
    public DateTimeOffset NextAt(JsonObject document, LoginNames names)
    {
        if (!IsBegun || (Active != names.A && Active != names.B) || Since is not { } since || !GoDuration.TryParse(document.At("spec", "forProvider", "rotation").Text("every"), out var every))
        {
            return DateTimeOffset.MinValue;
        }

        var regular = since + every;
        return RotateAt(document) is { } asked && asked > since && asked < regular ? asked : regular;
    }

    /// <summary>Null where the annotation is missing or no time.</summary>
    public static DateTimeOffset? RotateAt(JsonObject document) =>
        DateTimeOffset.TryParse(document.Annotation(RotateAtAnnotation), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;

    public string NextLogin(LoginNames names) => Active == names.A ? names.B : names.A;

    /// <summary>As it is once the next login is active: the one before it goes on.</summary>
    public Rotation Rotated(LoginNames names, DateTimeOffset now) => new(NextLogin(names), Next, IsBegun ? Active : "", IsBegun ? Password : "", "", now);

    /// <summary>Its password; null for one that may not log in.</summary>
    public string? PasswordOf(string login) => !IsBegun ? null : login == Active ? Password : login == Former && FormerPassword.Length > 0 ? FormerPassword : null;

    public Dictionary<string, string> ToSecret() => new(StringComparer.Ordinal)
    {
        ["username"] = Active, ["password"] = Password, ["formerUsername"] = Former, ["formerPassword"] = FormerPassword, ["nextPassword"] = Next,
        ["rotatedAt"] = Since is { } since ? Text(since) : "",
    };

    public JsonObject ToStatus(DateTimeOffset nextAt)
    {
        var status = new JsonObject { ["activeLogin"] = Active, ["formerLogin"] = Former.Length > 0 ? Former : null };
        if (Since is { } since)
        {
            (status["rotatedAt"], status["nextRotation"]) = (Text(since), Text(nextAt));
        }

        return status;
    }

    public static IEnumerable<ProblemCause> Check(JsonObject role)
    {
        if (role.At("spec", "forProvider", "rotation") is not JsonObject rotation)
        {
            yield break;
        }

        const string Field = "spec.forProvider.rotation";
        if (!GoDuration.TryParse(rotation.Text("every"), out var every) || every < Shortest)
        {
            yield return new($"{Field}.every", "FieldValueInvalid", $"'{rotation.Text("every")}' is no duration from 1h to 8784h. Write hours, such as 720h");
        }

        if (role.At("spec", "writeConnectionSecretToRef").Text("name").Length == 0)
        {
            yield return new(Field, "FieldValueInvalid", "There is no secret to publish the logins in. Name one in spec.writeConnectionSecretToRef");
        }

        if (role.At("spec", "forProvider", "passwordSecretRef") is JsonObject)
        {
            yield return new(Field, "FieldValueInvalid", "A password that is given by passwordSecretRef does not rotate. Take one of the two away");
        }
    }

    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture);
}
