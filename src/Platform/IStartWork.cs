namespace Flagstone.Platform;

/// <summary>Work of a start that must be done before the platform says that it is ready.</summary>
public interface IStartWork
{
    /// <summary>Ends with the work; fails with it.</summary>
    Task Finished { get; }
}
