namespace Flagstone.Provisioning.Providers.Aws.CloudControl;

/// <summary>Cloud Control refused a call.</summary>
/// <param name="code">The name of its exception, such as <c>ThrottlingException</c>; empty when the answer names none.</param>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1064", Justification = "Caught by the driver that called; it leaves the module as an outcome.")]
internal sealed class CloudControlException(string code, int status, string message) : Exception($"{(code.Length > 0 ? code : $"HTTP {status}")}: {message}")
{
    public string Code => code;

    public int Status => status;
}
